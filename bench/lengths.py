"""How long a file is: what it says, what its pictures add up to, and what its sound decodes to."""

from __future__ import annotations

import re
import subprocess
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av

from worker.sandbox.ffmpeg import executable

DEADLINE_SECONDS = 300


class Lengths(NamedTuple):
    """Seconds of the container, of its pictures (None: it has none), and of its decoded sound."""

    container: float
    video: float | None
    sound: float

    def worst_error_ms(self, seconds: float) -> float:
        """The length that is farthest from `seconds`, and by how much."""
        errors_ms = [1000 * (each - seconds) for each in self if each is not None]
        return max(errors_ms, key=abs)


def lengths_of(path: Path) -> Lengths:
    with av.open(str(path)) as file:
        container_seconds = float(Fraction(file.duration or 0, av.time_base))
        video = file.streams.video[0] if file.streams.video else None
        rate = video.average_rate if video else None
        video_seconds = float(video.frames / rate) if video and rate else None
    return Lengths(container_seconds, video_seconds, decoded_seconds(path))


def decoded_seconds(path: Path) -> float:
    """What the first sound track decodes to: the frames that ffmpeg's `framecrc` muxer lists, added up."""
    argv = [executable(), "-loglevel", "error", "-i", str(path), "-map", "0:a:0", "-f", "framecrc", "-"]
    listing = subprocess.run(argv, capture_output=True, check=True, text=True, timeout=DEADLINE_SECONDS)
    tick = re.search(r"^#tb 0: (\S+)$", listing.stdout, re.MULTILINE)
    if tick is None:
        raise RuntimeError(f"{path.name} holds no sound")
    lines = (line for line in listing.stdout.splitlines() if not line.startswith("#"))
    return float(sum(int(line.split(",")[3]) for line in lines) * Fraction(tick[1]))
