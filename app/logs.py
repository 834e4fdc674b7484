"""Structured logs on standard error: a line of JSON each, or readable text on a terminal."""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog
from structlog.typing import Processor

_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]

#: Chatty at INFO, and of no use to an operator.
_QUIET = ("alembic", "rq.worker", "httpx")


def configure(log_format: Literal["console", "json"]) -> None:
    """Sends our logs and those of every library through one formatter."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter(log_format))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
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


def _formatter(log_format: Literal["console", "json"]) -> logging.Formatter:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ending: list[Processor]
    if log_format == "console":
        ending = [plain, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    else:
        ending = [plain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=ending)
