"""Two works beside each other, in two threads that end together.

The kernel kills a child when the thread that started it ends. That is as it should be: no thread ends before
what it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar, copy_context
from threading import Event
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")

#: Those that end the work that is done in this context.
_ends: ContextVar[tuple[Event, ...]] = ContextVar("ends", default=())


class Cancelled(Exception):
    """The work beside this one has failed, so that nobody waits for this one any longer."""


def beside(first: Callable[[], First], second: Callable[[], Second]) -> tuple[First, Second]:
    """What both return. The first one stays in this thread.

    Raises:
        What the first one does, as soon as it does: that breaks off the second. Else what the second does.
    """
    end = Event()
    context = copy_context()
    context.run(_ends.set, (*_ends.get(), end))
    with ThreadPoolExecutor(1, thread_name_prefix="beside") as threads:
        try:
            other = threads.submit(context.run, second)
            return first(), other.result()
        finally:
            end.set()


def look_up() -> None:
    """To be called now and then by whatever takes long.

    Raises:
        BrokenOff: it is no longer needed.
    """
    if any(end.is_set() for end in _ends.get()):
        raise Cancelled
