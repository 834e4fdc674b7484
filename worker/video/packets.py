"""The packets of a media file, as a player's demuxer sees them.

What ffmpeg's `framecrc` muxer writes is a line per packet: stream, dts, pts, duration, size, checksum, and
flags unless it is a key frame (libavformat/framecrcenc.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import ffmpeg

from worker.sandbox.ffmpeg import CLOSED, local, run
from worker.sandbox.resource_limits import HERE, Bounds
from worker.scene import ReportShare


@dataclass
class Track:
    """What the packets of one track add up to; times count the ticks of the track's own clock."""

    facts: dict[str, str] = field(default_factory=dict)
    first_tick: int | None = None
    end_tick: int = 0
    packets: int = 0
    key_frames_differ: bool = False
    _key_frame: str = ""

    @property
    def begin_seconds(self) -> Fraction | None:
        return None if self.first_tick is None else self.first_tick * Fraction(self.facts["tb"])

    @property
    def end_seconds(self) -> Fraction:
        return self.end_tick * Fraction(self.facts.get("tb", 0))

    def add(self, pts: int, duration: int, checksum: str, is_key: bool) -> None:
        self.first_tick = pts if self.first_tick is None else min(self.first_tick, pts)
        self.end_tick = max(self.end_tick, pts + duration)
        self.packets += 1
        if is_key:
            self.key_frames_differ |= self._key_frame not in ("", checksum)
            self._key_frame = checksum


def track_of(
    kind: str, path: Path, folder: Path, expected_seconds: float, report: ReportShare | None = None
) -> Track:
    """The first track of an MP4 that is of this kind, `v` or `a`. `folder` is scratch space.

    Raises:
        ProgramFailed: it can't be read, or there is none.
        ChildKilled: a child process died of a signal.
    """
    opened = ffmpeg.input(local(path), **CLOSED, f="mov", copyts=None)
    bounds = Bounds(deadline_seconds=120 + expected_seconds / 10, core=HERE)
    run(listed(opened, kind, folder), bounds, expected_seconds=expected_seconds, report=report)
    return read_listing(kind, folder)


def listed(opened: Any, kind: str, folder: Path) -> Any:
    """An output of a graph: the packets of an opened file's first track of this kind, for `read_listing`."""
    return opened[f"{kind}:0"].output(local(_listing(kind, folder)), f="framecrc", c="copy")


def read_listing(kind: str, folder: Path) -> Track:
    """What `listed` wrote, which is removed."""
    path = _listing(kind, folder)
    with path.open() as lines:
        track = _summed(lines)
    path.unlink()
    return track


def _listing(kind: str, folder: Path) -> Path:
    return folder / f"packets-{kind}.txt"


def _summed(lines: Iterator[str]) -> Track:
    track = Track()
    for line in lines:
        if not line.startswith("#"):
            _, _, pts, duration, _, checksum, *flags = line.split(",")
            track.add(int(pts), int(duration), checksum, not flags or "F=0x0" not in flags[0])
        elif fact := re.match(r"#(\w+) 0: (.*)", line):
            track.facts[fact[1]] = fact[2].strip()
    return track
