"""A desk without a database: what is due, what was recorded, and a bell, all in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from app.webhooks.retry_policy import ClaimedDelivery, DeliveryAttempt, Outcome
from worker.sweeper.webhook_sender import SenderDependencies, run_sender

Send = Callable[[ClaimedDelivery], DeliveryAttempt]


def delivery_to(url: str, number: int = 0, *, tries: int = 0) -> ClaimedDelivery:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    return ClaimedDelivery(
        f"msg_{number}", f"token{number}", url, "job.completed", b'{"a":1}', tries, (secret,), "job1"
    )


def answering(outcome_of: Callable[[ClaimedDelivery], Outcome]) -> Send:
    """Sends nothing: every try comes to what `outcome_of` says, as if the receiver had answered 200."""
    return lambda delivery: DeliveryAttempt(outcome_of(delivery), 200, None, 0)


class MemoryDesk:
    """Claims as `app.webhooks.deliveries` does: the oldest first, none of a full host, none twice."""

    def __init__(self, *due: ClaimedDelivery) -> None:
        self.due = list(due)
        self.claims = 0
        self.recorded: dict[str, Outcome] = {}
        self.broken_claims = 0
        self.bell_is_broken = False
        self._bell = threading.Event()
        self._changed = threading.Condition()

    def claim(self, limit: int, full_hosts: frozenset[str]) -> Sequence[ClaimedDelivery]:
        with self._changed:
            self.claims += 1
            self._changed.notify_all()
            if self.broken_claims:
                self.broken_claims -= 1
                raise ConnectionError("the database is gone")
            claimed = [delivery for delivery in self.due if delivery.host not in full_hosts][:limit]
            self.due = [delivery for delivery in self.due if delivery not in claimed]
            return claimed

    def record(self, delivery: ClaimedDelivery, tried: DeliveryAttempt) -> bool:
        with self._changed:
            self.recorded[delivery.id] = tried.outcome
            self._changed.notify_all()
            return True

    def ring(self, *due: ClaimedDelivery) -> None:
        with self._changed:
            self.due.extend(due)
        self._bell.set()

    def wait_for_delivery(self, timeout_seconds: float) -> bool:
        if self.bell_is_broken:
            raise ConnectionError("Redis is gone")
        rang = self._bell.wait(timeout_seconds)
        self._bell.clear()
        return rang

    def wait_for_records(self, count: int, deadline_seconds: float = 10) -> dict[str, Outcome]:
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.recorded) >= count, deadline_seconds)
            assert came, f"{len(self.recorded)} of {count} outcomes came within {deadline_seconds} s"
            return dict(self.recorded)

    def wait_for_claims(self, count: int, deadline_seconds: float = 10) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self.claims >= count, deadline_seconds)

    def with_sending(self, send: Send) -> SenderDependencies:
        return SenderDependencies(self.claim, send, self.record, self.wait_for_delivery)


@contextmanager
def running(desk: SenderDependencies) -> Iterator[threading.Event]:
    """A sender that runs until the end of the block; gives the event that stops it sooner."""
    stop = threading.Event()
    sender = threading.Thread(target=run_sender, args=(stop, desk))
    sender.start()
    try:
        yield stop
    finally:
        stop.set()
        sender.join(timeout=15)
        assert not sender.is_alive()
