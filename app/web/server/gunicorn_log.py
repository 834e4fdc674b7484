"""gunicorn's own lines, through the formatter that all others take."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]


class SharedLogger(Logger):  # type: ignore[misc]
    """Leaves the lines to the root logger's handler. Requests are told by `app.web.http.access_log`."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        self.error_log.handlers = []
        self.error_log.propagate = True
