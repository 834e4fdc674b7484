"""How far a job is, over all its stages."""

from __future__ import annotations

from collections.abc import Callable

from app.states import Phase
from worker.scene import ReportShare

#: Told the phase, and what share (0 to 1) of the whole job is done.
Report = Callable[[Phase, float], None]


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
