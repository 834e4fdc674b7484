"""A call that may take so long and no longer."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

from app.core.results import result_of

T = TypeVar("T")


class TooSlow(Exception):
    """There was no answer in time."""


def within(seconds: float, call: Callable[[], T]) -> T:
    """What the call returns or raises. One that doesn't end is left to a thread that nothing waits for.

    Raises:
        TooSlow
    """
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, call), name="deadline", daemon=True).start()
    wait([future], timeout=seconds)
    if not future.done():
        raise TooSlow(f"no answer within {seconds:g} s")
    return future.result()


def _settle(future: Future[T], call: Callable[[], T]) -> None:
    outcome = result_of(call)
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
