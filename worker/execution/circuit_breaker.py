"""A circuit breaker (Nygard, "Release It!"): a worker whose machine is ill begins no job for a while.

It is always the ill machine's worker that is idle first, and would take, and fail, one job after another.
"""

from __future__ import annotations

import time

#: Seconds until it is tried again: twice as long each time, up to the most.
FIRST_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 30.0


class CircuitBreaker:
    """Closed while all is well, open after a fault; after a pause one try is let through, and decides."""

    #: The part of the machine that was ill last; empty while all is well.
    part = ""
    _pause_seconds = FIRST_PAUSE_SECONDS
    _open_until = 0.0

    def trip(self, part: str) -> None:
        """A fault: from now on there is a pause, longer than the last one."""
        self.part = part
        self._open_until = time.monotonic() + self._pause_seconds
        self._pause_seconds = min(2 * self._pause_seconds, MAX_PAUSE_SECONDS)

    def reset(self) -> None:
        """A success: all is well."""
        self.part, self._pause_seconds, self._open_until = "", FIRST_PAUSE_SECONDS, 0.0

    @property
    def remaining_seconds(self) -> float:
        """How long the pause still lasts; 0 when a try may be made."""
        return max(0.0, self._open_until - time.monotonic())
