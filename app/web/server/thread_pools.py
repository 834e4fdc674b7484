"""Which threads a request gets: those that carry files never hold up those that only ask.

An upload or a video lasts as long as its client's line is slow. Everything else takes milliseconds, unless
the database is locked; and whether the process is up is asked by those who restart it if it doesn't say.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from enum import StrEnum
from typing import Any


class Lane(StrEnum):
    TRANSFERS = "transfers"
    QUESTIONS = "questions"
    PROBES = "probes"


_PROBE = re.compile(rb"(?:GET|HEAD) /(?:api/)?health[ ?]")
#: What is known to carry no file. A percent sign may hide the way to one, so such a target isn't known.
_QUESTION = re.compile(
    rb"(?:GET|HEAD|OPTIONS|DELETE) /(?!videos/)[^% ]* HTTP/|POST /api/jobs/[a-z0-9]+/cancel HTTP/"
)


def lane_of(head: bytes | bytearray) -> Lane:
    """The lane of the request that begins with `head`."""
    if _PROBE.match(head):
        return Lane.PROBES
    return Lane.QUESTIONS if _QUESTION.match(head) else Lane.TRANSFERS


class ThreadPools:
    """A thread pool for each lane, in the place of gunicorn's one."""

    def __init__(self, threads: int) -> None:
        sizes = {Lane.TRANSFERS: threads, Lane.QUESTIONS: threads, Lane.PROBES: 1}
        self._pools = {lane: ThreadPoolExecutor(size, lane) for lane, size in sizes.items()}

    def submit(self, handle: Callable[..., Any], visitor: Any) -> Future[Any]:
        """Calls `handle(visitor)` in the lane of the visitor's request."""
        return self._pools[lane_of(visitor.head)].submit(handle, visitor)

    def shutdown(self, wait: bool) -> None:
        for pool in self._pools.values():
            pool.shutdown(wait=wait)
