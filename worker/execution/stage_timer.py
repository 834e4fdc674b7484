"""How long each stage of a render takes."""

from __future__ import annotations

import time
from collections import Counter

from app.domain.states import Phase
from worker.progress import Report


class StageTimer:
    """Hears what is reported on its way to `report`, and keeps the time."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._phase = Phase.FETCHING
        self._since = time.monotonic()
        self._seconds: Counter[Phase] = Counter()

    def report(self, phase: Phase, share: float) -> None:
        """Passes it on."""
        if phase is not self._phase:
            self._turn(phase)
        self._report(phase, share)

    def read(self) -> dict[Phase, float]:
        """Seconds by stage, up to now."""
        self._turn(self._phase)
        return dict(self._seconds)

    def _turn(self, phase: Phase) -> None:
        now = time.monotonic()
        self._seconds[self._phase] += now - self._since  # type: ignore[assignment]  # a Counter counts anything
        self._phase, self._since = phase, now
