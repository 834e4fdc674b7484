"""Whoever waits for a job, and what there is to say to its client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from app.database.models import Job


@dataclass(frozen=True)
class Message:
    """What a client is to be sent now; after the last one its connection ends."""

    data: bytes
    is_last: bool = False


class Subscriber(Protocol):
    """Somebody who waits for a job to change. All but `farewell` is called by one thread at a time."""

    job_id: str
    #: Of what it has heard (`app.jobs.versions`).
    mark: str

    def hear(self, job: Job | None, now_seconds: float) -> Message | None:
        """What to say about news, by the monotonic clock. Without a job: it was deleted."""

    def idle(self, now_seconds: float) -> Message | None:
        """What to say when there are none."""

    def farewell(self) -> Message:
        """The last word where it has to go before the job's end. Changes nothing."""


Send = Callable[[Message], None]
