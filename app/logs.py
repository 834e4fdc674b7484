"""Structured logs on standard error: a line of JSON each, or readable text on a terminal."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

#: Chatty at INFO, and of no use to an operator.
_QUIET = ("alembic", "rq.worker", "httpx")

#: So much is kept of a render's log: lines, and characters of each.
TAIL_LINES = 40
TAIL_CHARACTERS = 400


def configure(log_format: Literal["console", "json"]) -> None:
    """Sends our logs, those of every library, and Python's warnings through one formatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    # It warns of every malformed body, which is answered with 400 and is nobody's concern.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _formatter(log_format: Literal["console", "json"], *, colors: bool | None = None) -> logging.Formatter:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ending: list[Processor]
    if log_format == "console":
        is_colored = sys.stderr.isatty() if colors is None else colors
        # A richer traceback would show what the variables hold: keys, secrets, links.
        ending = [plain, ConsoleRenderer(colors=is_colored, exception_formatter=plain_traceback)]
    else:
        ending = [plain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=ending)


class Tail(logging.Handler):
    """Keeps the last lines that were logged, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_formatter("console", colors=False))
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self._lines.extend(line[:TAIL_CHARACTERS] for line in self.format(record).splitlines())

    @property
    def lines(self) -> Sequence[str]:
        return list(self._lines)


@contextmanager
def tail() -> Iterator[Tail]:
    """What is logged in this process meanwhile, besides where else it goes."""
    kept = Tail()
    logging.getLogger().addHandler(kept)
    try:
        yield kept
    finally:
        logging.getLogger().removeHandler(kept)
