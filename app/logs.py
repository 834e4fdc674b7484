"""Structured logs on standard error: a line of JSON each, or readable text on a terminal."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import Literal, TextIO

import structlog
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.typing import EventDict, Processor

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
        processors=[*_SHARED, _tell_tails, *_ending(log_format)],
        logger_factory=partial(_Line, handler.stream),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )


class _Line:
    """Where a rendered line of ours ends. Through `logging`, writing it would take three times as long."""

    def __init__(self, stream: TextIO, name: str | None = None) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        # What can't be written is lost: it is no reason to fail.
        with suppress(OSError, ValueError):
            self._stream.write(f"{line}\n")
            self._stream.flush()

    debug = info = warning = error = critical = msg


def _formatter(log_format: Literal["console", "json"], *, colors: bool | None = None) -> logging.Formatter:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    ending = [plain, *_ending(log_format, colors=colors)]
    return structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_SHARED, processors=ending)


def _ending(log_format: Literal["console", "json"], *, colors: bool | None = None) -> list[Processor]:
    if log_format == "console":
        is_colored = sys.stderr.isatty() if colors is None else colors
        # A richer traceback would show what the variables hold: keys, secrets, links.
        return [ConsoleRenderer(colors=is_colored, exception_formatter=plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


class Tail(logging.Handler):
    """Keeps the last lines that were logged, as text."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_formatter("console", colors=False))
        (self._render,) = _ending("console", colors=False)
        self._lines: deque[str] = deque(maxlen=TAIL_LINES)

    def emit(self, record: logging.LogRecord) -> None:
        self._keep(self.format(record))

    def hear(self, event: EventDict) -> None:
        """One of our own events, which don't come as records."""
        self._keep(str(self._render(None, "", dict(event))))

    def _keep(self, text: str) -> None:
        self._lines.extend(line[:TAIL_CHARACTERS] for line in text.splitlines())

    @property
    def lines(self) -> Sequence[str]:
        return list(self._lines)


_TAILS: list[Tail] = []


def _tell_tails(_logger: object, _method: str, event: EventDict) -> EventDict:
    for tail in _TAILS:
        tail.hear(event)
    return event


@contextmanager
def tail() -> Iterator[Tail]:
    """What is logged in this process meanwhile, besides where else it goes."""
    kept = Tail()
    logging.getLogger().addHandler(kept)
    _TAILS.append(kept)
    try:
        yield kept
    finally:
        _TAILS.remove(kept)
        logging.getLogger().removeHandler(kept)
