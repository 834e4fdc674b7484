"""Who makes the video of a picture and a sound: one command each, and how it tells how far it is."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench import measure
from bench.measure import Usage
from bench.sources import Source
from worker.sandbox.ffmpeg import executable

HERE = Path(__file__).parent

#: The interpreter that has the peers; `make setup-bench` makes it.
PEERS_PYTHON = HERE.parent / ".venv-bench" / "bin" / "python"

#: The interpreter looks for modules neither here nor in the folder that it starts in.
SAFE = "-P"


@dataclass(frozen=True)
class Contender:
    """`command` makes a file of a source; its name ends as `suffix` says."""

    name: str
    command: Callable[[Source, Path], list[str]]
    suffix: str = ".mp4"

    def run(self, source: Source, path: Path, patience_seconds: float) -> Usage:
        """Raises what `measure.run` does."""
        environment = {**os.environ, "IMAGEIO_FFMPEG_EXE": executable()}
        share_of = partial(told_share, seconds=source.seconds)
        return measure.run(self.command(source, path), path.parent, share_of, patience_seconds, environment)


def told_share(line: str, seconds: float) -> float | None:
    """What ffmpeg's `-progress` says of `seconds`, or a script of ours says itself."""
    if made := re.match(r"out_time_us=(\d+)", line):
        return int(made[1]) / 1e6 / seconds
    said = re.match(r"share (\S+)", line)
    return float(said[1]) if said else None


def engine(source: Source, path: Path) -> list[str]:
    """What a worker runs for a job, without the service around it."""
    return [sys.executable, SAFE, str(HERE / "engine.py"), str(source.image), str(source.audio), str(path)]


def one_liner(source: Source, path: Path) -> list[str]:
    """What everybody recommends."""
    picture = ["-loop", "1", "-i", str(source.image), "-i", str(source.audio)]
    video = ["-c:v", "libx264", "-tune", "stillimage", "-c:a", "aac", "-b:a", "192k", "-pix_fmt", "yuv420p"]
    return [*_ffmpeg(), *picture, *video, "-shortest", str(path)]


def moviepy(source: Source, path: Path) -> list[str]:
    return [
        str(PEERS_PYTHON),
        SAFE,
        str(HERE / "moviepy_still.py"),
        str(source.image),
        str(source.audio),
        str(path),
    ]


def floor(source: Source, path: Path, *coder: str) -> list[str]:
    """The sound alone, by one process: no video with an AAC of its own can be made in less."""
    return [*_ffmpeg(), "-i", str(source.audio), "-vn", "-c:a", "aac", *coder, "-b:a", "192k", str(path)]


def fast_floor(source: Source, path: Path) -> list[str]:
    """With the coder that we use, too."""
    return floor(source, path, "-aac_coder", "fast")


def _ffmpeg() -> list[str]:
    return [executable(), "-nostdin", "-y", "-loglevel", "error", "-progress", "pipe:1"]


ENGINE = Contender("ours, the engine alone", engine)
ONE_LINER = Contender("the one-liner", one_liner)
MOVIEPY = Contender("MoviePy", moviepy)
FLOOR = Contender("floor: the sound alone", floor, ".m4a")
FAST_FLOOR = Contender("floor: with ffmpeg's fast AAC", fast_floor, ".m4a")

#: In the order of the table.
COMMANDS = (ENGINE, ONE_LINER, MOVIEPY, FLOOR, FAST_FLOOR)
