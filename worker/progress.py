"""How far a job is, over all its stages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.domain.states import Phase
from worker.scene import ReportShare

#: Told the phase, and what share (0 to 1) of the whole job is done.
Report = Callable[[Phase, float], None]

#: Told once how many seconds the rest of the job is expected to take.
Expect = Callable[[float], None]


@dataclass(frozen=True)
class Expectation:
    """The rest of the job, from `from_share` on, was to take `seconds`; said at `since` (monotonic)."""

    seconds: float
    from_share: float
    since: float

    def eta_seconds(self, share: float, now: float) -> int:
        """How long the rest takes: at first as was expected, then ever more as it went up to now."""
        elapsed = max(0.0, now - self.since)
        left = 1 - (share - self.from_share) / (1 - self.from_share)
        return round(left * (left * max(self.seconds, elapsed) + elapsed))


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
