"""What was measured, as rows: for a reader (Markdown) and for a program (JSON)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from bench.lengths import Lengths
from bench.measure import Usage

MIB = 1 << 20
HEADER = (
    "wall s",
    "CPU s",
    "peak MiB",
    "file MB",
    "SSIM",
    "length error ms",
    "speed over the one-liner",
    "time over the floor",
)


@dataclass(frozen=True)
class Row:
    """One contender, one upload. What was cut off left no file, hence has no size and no lengths."""

    contender: str
    source: str
    seconds: float
    usage: Usage
    file_bytes: int | None = None
    lengths: Lengths | None = None
    #: Of the first picture and the uploaded one; a sound alone has none.
    similarity: float | None = None

    @property
    def is_whole(self) -> bool:
        return self.usage.done == 1.0

    def as_json(self) -> dict[str, Any]:
        lengths = self.lengths._asdict() if self.lengths else None
        return {**asdict(self), "lengths": lengths}


def markdown(rows: Sequence[Row], one_liner: Row, floor: Row) -> Iterator[str]:
    """The table of one length, line by line; the other two rows are what the ratios are of."""
    yield f"| {rows[0].seconds:.0f} s of sound | {' | '.join(HEADER)} |"
    yield "|---" * (len(HEADER) + 1) + "|"
    for row in rows:
        name = f"{row.contender}, from {row.source}"
        yield f"| {name} | {' | '.join((*_costs(row), *_file(row), *_ratios(row, one_liner, floor)))} |"


def _costs(row: Row) -> tuple[str, ...]:
    usage = row.usage
    mib = f"{usage.peak_bytes / MIB:.0f}"
    if row.is_whole:
        return f"{usage.wall_seconds:.2f}", f"{usage.cpu_seconds:.2f}", mib
    wall = f"> {usage.wall_seconds:.0f} ({100 * usage.done:.0f} % done)"
    return wall, f"> {usage.cpu_seconds:.0f}", mib


def _file(row: Row) -> tuple[str, str, str]:
    if row.file_bytes is None or row.lengths is None:
        return "", "", ""
    near = "" if row.similarity is None else f"{row.similarity:.4f}"
    return f"{row.file_bytes / 1e6:.2f}", near, f"{row.lengths.worst_error_ms(row.seconds):+.1f}"


def _ratios(row: Row, one_liner: Row, floor: Row) -> tuple[str, str]:
    """Of the whole times; a tilde marks the ones that a rate foretells."""
    return _ratio(one_liner, row), _ratio(row, floor)


def _ratio(over: Row, under: Row) -> str:
    if over.usage.whole_seconds is None or under.usage.whole_seconds is None:
        return ""
    sign = "" if over.is_whole and under.is_whole else "~ "
    ratio = over.usage.whole_seconds / under.usage.whole_seconds
    return f"{sign}{ratio:.{0 if ratio >= 20 else 2}f}"
