"""Two works beside each other: what both return, and how the end of one is the end of both."""

from __future__ import annotations

import sys
import threading
import time
from functools import partial

import pytest

from worker.sandbox.command import Command
from worker.sandbox.concurrently import beside
from worker.sandbox.file_access import PYTHON, FileAccess
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed, run

#: Far longer than a test may take.
LASTING = "import time; time.sleep(60)"
DEADLINE_SECONDS = 30


def program(text: str) -> str:
    return run(
        Command([sys.executable, "-c", text], Bounds(deadline_seconds=600), file_access=FileAccess(PYTHON))
    )


def failing() -> None:
    raise ValueError("the first one")


def test_both_are_done_at_once() -> None:
    meeting = threading.Barrier(2, timeout=DEADLINE_SECONDS)

    def first() -> str:
        meeting.wait()
        return "one"

    def second() -> int:
        meeting.wait()
        return 2

    assert beside(first, second) == ("one", 2)


def test_the_first_stays_in_its_thread() -> None:
    """There signals are answered, and there the lease is lost."""
    threads = beside(threading.get_ident, threading.get_ident)

    assert threads[0] == threading.get_ident() != threads[1]


def test_when_the_first_fails_the_second_is_not_waited_for() -> None:
    begun_at = time.monotonic()

    with pytest.raises(ValueError, match="the first one"):
        beside(failing, partial(program, LASTING))

    assert time.monotonic() - begun_at < DEADLINE_SECONDS


def test_that_reaches_what_the_second_does_beside_others() -> None:
    begun_at = time.monotonic()
    pair = partial(beside, partial(program, LASTING), partial(program, LASTING))

    with pytest.raises(ValueError, match="the first one"):
        beside(failing, pair)

    assert time.monotonic() - begun_at < DEADLINE_SECONDS


def test_when_the_second_fails_its_reason_is_told() -> None:
    with pytest.raises(ProgramFailed, match="NoSuchThing"):
        beside(partial(program, "pass"), partial(program, "NoSuchThing"))


def test_when_both_fail_the_first_one_s_reason_counts() -> None:
    with pytest.raises(ValueError, match="the first one"):
        beside(failing, partial(program, "NoSuchThing"))


def test_what_is_done_afterwards_is_not_broken_off() -> None:
    with pytest.raises(ValueError, match="the first one"):
        beside(failing, partial(program, "pass"))

    assert program("pass") == ""
