"""How long to go on trying, and when to try next."""

from __future__ import annotations

import math
import random
import time

from app.client.errors import TalkreelError

FIRST_PAUSE_SECONDS = 0.25
LONGEST_PAUSE_SECONDS = 8.0


class Backoff:
    """Lasts for `seconds` from now; None is for ever."""

    def __init__(self, seconds: float | None) -> None:
        self._ends_at = math.inf if seconds is None else time.monotonic() + seconds
        self._pause_seconds = FIRST_PAUSE_SECONDS

    @property
    def left_seconds(self) -> float:
        """Never below 0."""
        return max(0.0, self._ends_at - time.monotonic())

    def pause(self, failure: TalkreelError, seconds: float | None = None) -> None:
        """Waits before the next try: for `seconds` if the service said so, else a little longer each time.

        Raises:
            `failure`: the next try would be too late.
        """
        if seconds is None:
            # Jittered, so that those who lost a service at the same instant don't come back at the same.
            seconds = self._pause_seconds * random.uniform(0.5, 1)  # noqa: S311 - not a secret
            self._pause_seconds = min(2 * self._pause_seconds, LONGEST_PAUSE_SECONDS)
        if seconds >= self.left_seconds:
            raise failure
        time.sleep(seconds)
