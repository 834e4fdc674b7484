"""The still video against its peers: the one-liner, MoviePy, and the sound alone.

    python -m bench.still

Prints a table for each length: wall clock, processor seconds and peak memory of all processes, the file, how
near its picture is to the uploaded one (SSIM), by how much the worst of its lengths (container, pictures,
decoded sound) is off, and the ratios. BENCH_SECONDS ("30 60") says which lengths. Peers are cut off after
BENCH_PATIENCE_SECONDS (150): then the share that was done is shown, and what its rate foretells is marked ~.
BENCH_JSON names a file for the figures, BENCH_PLOT one for a plot (SVG).

The one-liner and the floor encode AAC at 192 kbit/s, as is said everywhere; we at 160, and MoviePy makes MP3.
The M4A holds AAC-LC, which we copy; its ratio to the one-liner is that of the MP3.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from bench import endtoend, sources
from bench.contenders import COMMANDS, ENGINE, FLOOR, HERE, ONE_LINER, PEERS_PYTHON, SAFE, Contender
from bench.lengths import lengths_of
from bench.measure import Usage
from bench.similarity import similarity
from bench.sources import Source
from bench.table import Row, markdown
from tests.support.service import Service, User

LENGTHS = "30 60 600 3600"
PATIENCE_SECONDS = "150"

#: What is done this soon is done so many times, and the median counts.
SHORT_SECONDS, ROUNDS = 10, 3

PLOT_DEADLINE_SECONDS = 120

#: Makes a file of the source, and tells what that took.
Work = Callable[[Source, Path], Usage]


def measured(name: str, work: Work, source: Source, path: Path) -> Row:
    """Leaves no file: an hour's would fill the disk."""
    usage = _median(lambda: work(source, path))
    try:
        if usage.done < 1:
            return Row(name, source.kind, source.seconds, usage)
        near = similarity(path, source.image) if path.suffix == ".mp4" else None
        return Row(name, source.kind, source.seconds, usage, path.stat().st_size, lengths_of(path), near)
    finally:
        path.unlink(missing_ok=True)


def _median(work: Callable[[], Usage]) -> Usage:
    usages = [work()]
    while usages[0].wall_seconds < SHORT_SECONDS and len(usages) < ROUNDS:
        usages.append(work())
    return sorted(usages, key=lambda usage: usage.wall_seconds)[len(usages) // 2]


def rows_of(
    seconds: int, folder: Path, service: Service, user: User, patience_seconds: float
) -> Iterator[Row]:
    """All contenders with the MP3; ours with the M4A, too."""

    def over_http(source: Source, path: Path) -> Usage:
        return endtoend.run(service, user, source, path)

    def by(contender: Contender) -> Work:
        return lambda source, path: contender.run(source, path, patience_seconds)

    mp3, m4a = sources.made(folder, seconds)
    for source in (mp3, m4a):
        yield measured(endtoend.NAME, over_http, source, folder / "out.mp4")
        for contender in COMMANDS if source is mp3 else (ENGINE,):
            yield measured(contender.name, by(contender), source, folder / f"out{contender.suffix}")
        source.audio.unlink()


def table(rows: Sequence[Row]) -> str:
    named = {row.contender: row for row in reversed(rows)}
    return "\n".join(markdown(rows, named[ONE_LINER.name], named[FLOOR.name]))


def plotted(figures: Path, plot: Path) -> None:
    argv = [str(PEERS_PYTHON), SAFE, str(HERE / "plot.py"), str(figures), str(plot)]
    subprocess.run(argv, check=True, timeout=PLOT_DEADLINE_SECONDS)


def main() -> None:
    if not PEERS_PYTHON.exists():
        raise SystemExit("MoviePy isn't here to compare with: `make setup-bench` installs it.")
    lengths = map(int, os.environ.get("BENCH_SECONDS", LENGTHS).split())
    patience_seconds = float(os.environ.get("BENCH_PATIENCE_SECONDS", PATIENCE_SECONDS))
    with tempfile.TemporaryDirectory(prefix="talkreel-bench-") as name:
        rows = list(_all_rows(lengths, Path(name), patience_seconds))
        figures = Path(os.environ.get("BENCH_JSON", f"{name}/still.json"))
        figures.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
        if plot := os.environ.get("BENCH_PLOT"):
            plotted(figures, Path(plot))
    print(f"load average over the last minute: {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")


def _all_rows(lengths: Iterator[int], folder: Path, patience_seconds: float) -> Iterator[Row]:
    """Prints a length's table as soon as it is there."""
    with endtoend.running(folder / "service") as (service, user):
        for seconds in lengths:
            rows = list(rows_of(seconds, folder, service, user, patience_seconds))
            print(f"{table(rows)}\n", flush=True)
            yield from rows


if __name__ == "__main__":
    main()
