"""What is logged: a line for each of our own events, and their end kept where a render asks for it."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest
import structlog

from app import logs


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Standard error of a process that logs as JSON, from here to the test's end."""
    written, root, before = io.StringIO(), logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers, root.level
    monkeypatch.setattr(sys, "stderr", written)
    logs.configure("json")
    # Other tests have made requests in this process.
    structlog.contextvars.clear_contextvars()
    yield written
    logging.captureWarnings(False)
    root.handlers, root.level = handlers, level
    structlog.configure(**before)


def test_an_event_of_ours_and_a_library_s_record_are_lines_of_one_kind(lines: io.StringIO) -> None:
    structlog.get_logger("app.ours").warning("dropped", job_id="j1")
    logging.getLogger("library").warning("told")

    ours, theirs = map(json.loads, lines.getvalue().splitlines())
    assert ours.pop("timestamp").endswith("Z")
    assert theirs.pop("timestamp").endswith("Z")
    assert ours == {"event": "dropped", "job_id": "j1", "logger": "app.ours", "level": "warning"}
    assert theirs == {"event": "told", "logger": "library", "level": "warning"}


def test_an_exception_is_part_of_its_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("odd")
    except ValueError:
        structlog.get_logger("app.ours").exception("failed")

    (line,) = map(json.loads, lines.getvalue().splitlines())
    assert "ValueError: odd" in line["exception"]
    assert line["level"] == "error"


def test_what_is_of_no_use_to_an_operator_is_not_told(lines: io.StringIO) -> None:
    structlog.get_logger("app.ours").debug("a detail")

    assert lines.getvalue() == ""


def test_a_line_that_can_t_be_written_is_lost_and_no_more(lines: io.StringIO) -> None:
    log = structlog.get_logger("app.ours")
    lines.close()

    log.warning("unheard")


def test_a_tail_keeps_the_last_lines_of_both_as_text(lines: io.StringIO) -> None:
    with logs.tail() as tail:
        for number in range(logs.TAIL_LINES):
            structlog.get_logger("app.ours").info("drawn", frame=number)
        logging.getLogger("library").warning("told")
    structlog.get_logger("app.ours").info("too late")

    assert len(tail.lines) == logs.TAIL_LINES
    assert "frame=1 " in f"{tail.lines[0]} "
    assert "told" in tail.lines[-1]
    assert "\x1b" not in "".join(tail.lines)
