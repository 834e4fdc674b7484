"""Which claimed delivery may go next: a few at once in all, fewer for one host.

A slow receiver holds up itself and nobody else.
"""

from __future__ import annotations

import threading
from collections import Counter

from app.webhooks.retry_policy import ClaimedDelivery


class HostLimits:
    """Deliveries waiting for a free lane, and how many are under way. Safe to share between threads."""

    def __init__(self, *, at_once: int, at_once_for_one_host: int) -> None:
        self._at_once = at_once
        self._at_once_for_one_host = at_once_for_one_host
        self._waiting: list[ClaimedDelivery] = []
        self._under_way: Counter[str] = Counter()
        self._changed = threading.Condition()

    def add(self, delivery: ClaimedDelivery) -> None:
        """Puts a claimed delivery in line."""
        with self._changed:
            self._waiting.append(delivery)

    def next(self) -> ClaimedDelivery | None:
        """Takes the first that may go now; the caller says `done` when it is over."""
        with self._changed:
            for place, delivery in enumerate(self._waiting):
                if self._may_go(delivery.host):
                    self._under_way[delivery.host] += 1
                    return self._waiting.pop(place)
            return None

    def done(self, delivery: ClaimedDelivery) -> None:
        """Frees the lane of a delivery that `next` gave out."""
        with self._changed:
            self._under_way -= Counter([delivery.host])
            self._changed.notify_all()

    def held(self) -> int:
        """How many are waiting or under way."""
        with self._changed:
            return len(self._waiting) + self._under_way.total()

    def full_hosts(self) -> frozenset[str]:
        """Hosts that have all they may have at once, or somebody waiting."""
        with self._changed:
            full = {host for host, count in self._under_way.items() if count >= self._at_once_for_one_host}
            return frozenset(full | {delivery.host for delivery in self._waiting})

    def wait_until_idle(self, timeout_seconds: float) -> bool:
        """Waits for what is under way; False when some of it is still there at the end."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way, timeout_seconds)

    def _may_go(self, host: str) -> bool:
        return self._under_way.total() < self._at_once and self._under_way[host] < self._at_once_for_one_host
