"""How far a job is, over all its stages."""

from __future__ import annotations

from collections.abc import Callable

from app.states import Phase
from worker.scene import ReportShare

#: Told the phase, and what share (0 to 1) of the whole job is done.
Report = Callable[[Phase, float], None]


#: Below this share the time left can't be told.
ETA_FROM_SHARE = 0.05


def eta_seconds(share: float, elapsed_seconds: float) -> int | None:
    """How long the rest takes, if the whole goes on as it began; None as long as that can't be told."""
    if share < ETA_FROM_SHARE:
        return None
    return round(elapsed_seconds * (1 - share) / share)


def between(report: ReportShare, start: float, end: float) -> ReportShare:
    """Reports the share of a part of the work, which lasts from share `start` to `end` of the whole."""
    return lambda share: report(start + (end - start) * share)


class Progress:
    """Turns each stage's own share into the whole job's; it never falls."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._share = 0.0
        self._end = 0.0

    def stage(self, phase: Phase, end: float) -> ReportShare:
        """Begins the next stage, which lasts from the last one's end to the share `end` of the whole."""
        begin, self._end = self._end, end

        def tell(share: float) -> None:
            self._share = max(self._share, begin + (end - begin) * min(1.0, share))
            self._report(phase, self._share)

        tell(0)
        return tell
