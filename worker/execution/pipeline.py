"""A pipeline: stages in declared steps, each with what it needs, makes, costs and may warn of.

Nothing here knows what the stages of a render are: those are declared in `worker.execution.stages`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any, Generic, TypeVar

from app.domain.states import Phase
from app.domain.warnings import WarningKind
from worker.progress import Expect, Progress
from worker.sandbox.concurrently import beside
from worker.sandbox.progress_reader import Shares
from worker.scene import ReportShare

Work = TypeVar("Work")


#: What the opening is shown to be of the whole: how long the rest takes is not known before.
OPENING_SHARE = 0.1


@dataclass(frozen=True)
class Stage(Generic[Work]):
    """Makes one field of the work out of others.

    `make` returns what the field `makes` is set to, and reports its share. `seconds` is what that costs, as
    measured with 1080p on two cores; `warns` are the kinds of warnings it may give.
    """

    phase: Phase
    needs: tuple[str, ...]
    makes: str
    make: Callable[[Work, ReportShare], Any]
    seconds: Callable[[Work], float]
    warns: tuple[WarningKind, ...] = ()


#: One stage, or two that are worked on side by side. The first of them stays in the calling thread.
Step = Sequence[Stage[Work]]


def run(
    opening: Step[Work], rest: Sequence[Step[Work]], work: Work, progress: Progress, expect: Expect
) -> None:
    """Takes the opening, after which it is known what the rest costs, then the rest.

    `expect` is told that. Raises what a stage does; the one beside it is broken off.
    """
    _take(opening, work, progress, OPENING_SHARE)
    seconds = [sum(stage.seconds(work) for stage in step) for step in rest]
    expect(sum(seconds))
    for step, so_far in zip(rest, accumulate(seconds), strict=True):
        _take(step, work, progress, OPENING_SHARE + (1 - OPENING_SHARE) * so_far / sum(seconds))


def _take(step: Step[Work], work: Work, progress: Progress, end: float) -> None:
    report = _begun(step, progress, end)
    shares = Shares([stage.seconds(work) for stage in step], report)
    calls = [partial(stage.make, work, shares.of(number)) for number, stage in enumerate(step)]
    made = beside(*calls) if len(calls) == 2 else (calls[0](),)
    for stage, result in zip(step, made, strict=True):
        setattr(work, stage.makes, result)


def _begun(step: Step[Work], progress: Progress, end: float) -> ReportShare:
    """Tells the phases of the step; what its stages report counts for the last of them."""
    phases = list(dict.fromkeys(stage.phase for stage in step))
    for phase in phases[:-1]:
        progress.stage(phase, end / 2)
    return progress.stage(phases[-1], end)
