"""What came out of a storm, as docs/promises.md shows it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from tests.chaos.monkey import NOTHING, TWO, Wound

HEAD = """| fault | times | what comes of it | recovery, median | worst |
|---|---|---|---|---|"""


@dataclass(frozen=True)
class Report:
    """`ends` counts how the accepted jobs ended; `broken` are the promises that weren't kept."""

    seed: int
    wounds: Sequence[Wound]
    ends: Counter[str]
    answers: Counter[int]
    broken: Sequence[str]
    skipped: Sequence[str]

    def __str__(self) -> str:
        broken = [f"BROKEN: {sentence}" for sentence in self.broken]
        skipped = [f"left out: {sentence}" for sentence in self.skipped]
        answers = ", ".join(f"{status}: {times}" for status, times in sorted(self.answers.items()))
        return "\n".join([self._table(), "", self._sum(), f"answers: {answers}", *skipped, *broken])

    def _table(self) -> str:
        kinds: dict[str, list[Wound]] = defaultdict(list)
        for wound in sorted(self.wounds, key=_place):
            kinds[wound.name].append(wound)
        return "\n".join([HEAD, *(_row(wounds) for wounds in kinds.values())])

    def _sum(self) -> str:
        lost = sum("is lost" in sentence for sentence in self.broken)
        doubled = sum("ended twice" in sentence for sentence in self.broken)
        ends = ", ".join(f"{self.ends[end]} {end.lower()}" for end in ("COMPLETED", "FAILED", "CANCELLED"))
        return (
            f"seed {self.seed}, {len(self.wounds)} faults: {self.ends.total()} accepted, {ends}, "
            f"{lost} lost, {doubled} doubled"
        )


def _place(wound: Wound) -> tuple[int, str]:
    """What the others are compared to comes first, then they by their names, and at last two at once."""
    return {NOTHING.name: 0, TWO: 2}.get(wound.name, 1), wound.name


def _row(wounds: Sequence[Wound]) -> str:
    seconds = [wound.recovery_seconds for wound in wounds]
    cells = (
        wounds[0].name,
        len(wounds),
        wounds[0].outcome,
        f"{median(seconds):.1f} s",
        f"{max(seconds):.1f} s",
    )
    return f"| {' | '.join(map(str, cells))} |"
