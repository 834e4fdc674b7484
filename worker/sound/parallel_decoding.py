"""Long sound decoded on every core at once: cut where one sample follows another, joined without a seam.

What an AAC decoder puts out depends on one packet before, as their windows overlap (ISO/IEC 14496-3, 4.6.11).
So each section but the first begins a little early, and leaves out what comes before its first sample.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from worker.sandbox.command import Command
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, command, local
from worker.sandbox.resource_limits import CORES, Bounds
from worker.sandbox.runner import run_all
from worker.scene import ReportShare
from worker.sound import riff

#: Shorter ones are decoded sooner than they are shared out.
MIN_SECONDS = 60

#: How much earlier than its first sample a section begins to read.
WARM_UP_SECONDS = 1

#: A RIFF header counts its bytes in 32 bits.
MAX_BYTES = 2**32 - 2**16


@dataclass(frozen=True)
class Track:
    """AAC-LC in an MP4 whose clock ticks once a sample.

    It is said to last `seconds`, and is taken for `max_seconds` at most.
    """

    source: Path
    sample_rate: int
    channels: int
    seconds: float
    max_seconds: float

    @property
    def count(self) -> int:
        """How many sections it has."""
        return max(1, min(CORES, int(self.seconds / MIN_SECONDS)))

    def span(self, number: int) -> tuple[int, int]:
        """The first sample of a section, and the one after its last."""
        first, end = (round(self.seconds * n / self.count * self.sample_rate) for n in (number, number + 1))
        return first, end if number + 1 < self.count else round(self.max_seconds * self.sample_rate)

    @property
    def is_worth_it(self) -> bool:
        size_bytes = self.max_seconds * self.sample_rate * self.channels * 2
        return self.count > 1 and self.seconds < self.max_seconds and size_bytes < MAX_BYTES


def decode(track: Track, path: Path, block_samples: int, report: ReportShare) -> bool:
    """Writes the track to a WAV file at `path`. Whether no decoder complained: else what is there is no good.

    Raises:
        What `process.run_all` does.
    """
    paths = [path, *(path.with_suffix(f".{number}") for number in range(1, track.count))]
    complaints = run_all([_decoder(track, n, paths[n], block_samples) for n in range(len(paths))], report)
    for tail in paths[1:]:
        riff.extend(path, tail)
        tail.unlink()
    return not any(complaints)


def _decoder(track: Track, number: int, path: Path, block_samples: int) -> Command:
    """What decodes one section: the first to a WAV file, those after it bare."""
    first, end = track.span(number)
    graph = (
        _opened(track, first)["a:0"]
        .filter("atrim", start_pts=first, end_pts=end)
        .filter("asetnsamples", n=block_samples, p=0)
        .output(local(path), f="s16le" if first else "wav", acodec="pcm_s16le", **ANONYMOUS)
    )
    seconds = min(end / track.sample_rate, track.seconds) - first / track.sample_rate
    return command(graph, Bounds(deadline_seconds=60 + seconds / 10, core=number), expected_seconds=seconds)


def _opened(track: Track, first: int) -> Any:
    seek = {"noaccurate_seek": None, "ss": first / track.sample_rate - WARM_UP_SECONDS} if first else {}
    return ffmpeg.input(local(track.source), **CLOSED, f="mov", codec_whitelist="aac", copyts=None, **seek)
