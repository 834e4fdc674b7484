"""The sound as AAC-LC: cut where its frames meet, encoded on every core at once, joined frame by frame.

A frame's window reaches over its neighbours, and the encoder remembers what went before. So each part begins
some frames early and leaves those out: what follows sounds as if it were made in one pass.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice, pairwise
from pathlib import Path

import ffmpeg

from worker.errors import CheckFailed
from worker.progress import between
from worker.sandbox.command import Command
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, command, local, run
from worker.sandbox.resource_limits import CORES, HERE, Bounds
from worker.sandbox.runner import run_all
from worker.scene import ReportShare, Sound
from worker.sound import riff

#: Samples per channel in a frame. As many of silence go before the sound, to prime the first window
#: (ISO/IEC 14496-3, 4.5.2.3).
FRAME_SAMPLES = 1024

#: Frames that a part encodes before its own, after which the encoder has forgotten that it began there.
WARM_UP_FRAMES = 4
#: Frames that it hears beyond its own: the window's other half, and what the encoder looks ahead.
LOOK_AHEAD_FRAMES = 2

#: Shorter parts would be more warm-up than work, longer ones spread badly over the cores.
MIN_PART_SECONDS, MAX_PART_SECONDS = 5, 300

#: Bits per second, by the number of channels.
BIT_RATES = {1: 96_000, 2: 160_000}
#: Above 64 kbit/s a channel the better coder of ffmpeg's two, and twice as fast. The other one, twoloop,
#: takes seconds to find its balance, which would be heard at every joint.
CODER = "fast"

#: The bytes of an ADTS header without a checksum.
ADTS_HEADER_BYTES = 7

#: What of the work the encoding is; the join copies.
ENCODED_SHARE = 0.97


@dataclass(frozen=True)
class Part:
    """Frames `first` up to `end` of the whole, to be found behind `warm_up` others at `path` (ADTS)."""

    path: Path
    first: int
    end: int

    @property
    def warm_up(self) -> int:
        return min(WARM_UP_FRAMES, self.first)

    @property
    def begin_samples(self) -> int:
        return (self.first - self.warm_up) * FRAME_SAMPLES

    @property
    def samples(self) -> int:
        """How many it hears, per channel, if the sound goes on for so long."""
        return (self.end + LOOK_AHEAD_FRAMES) * FRAME_SAMPLES - self.begin_samples


def encode(sound: Sound, folder: Path, report: ReportShare) -> Path:
    """The sound in `folder`/sound.m4a: its priming samples are before time 0, its length is exact.

    Raises:
        What `process.run_all` does, and CheckFailed: nothing is wrong with the upload; try again.
    """
    parts = parts_of(sound, folder)
    run_all([encoder(sound, part) for part in parts], between(report, 0, ENCODED_SHARE))
    path = join(sound, parts, folder)
    report(1.0)
    return path


def frames_of(sound: Sound) -> int:
    """How many frames hold the sound and the samples that prime it."""
    return math.ceil(sound.samples / FRAME_SAMPLES) + 1


def parts_of(sound: Sound, folder: Path, cores: int = CORES) -> list[Part]:
    """The parts of the whole: as even as can be, and a whole number of them for each core."""
    frames = frames_of(sound)
    rounds = math.ceil(sound.duration_seconds / (MAX_PART_SECONDS * cores))
    count = max(1, min(rounds * cores, int(sound.duration_seconds / MIN_PART_SECONDS)))
    edges = [frames * number // count for number in range(count + 1)]
    return [Part(folder / f"part{first:09}.aac", first, end) for first, end in pairwise(edges)]


def encoder(sound: Sound, part: Part) -> Command:
    """What encodes one part. It reads samples where they lie in the file: seeking by time may miss one."""
    pcm = {"f": "s16le", "ar": sound.sample_rate, "ac": sound.channels}
    begin_bytes = _data_offset(sound.path) + part.begin_samples * 2 * sound.channels
    heard = ffmpeg.input(local(sound.path), **CLOSED, **pcm, skip_initial_bytes=begin_bytes)
    graph = heard.filter("atrim", end_sample=part.samples).output(
        local(part.path),
        f="adts",
        acodec="aac",
        aac_coder=CODER,
        **{"profile:a": "aac_low", "b:a": BIT_RATES[sound.channels]},
        **ANONYMOUS,
    )
    seconds = part.samples / sound.sample_rate
    return command(graph, Bounds(deadline_seconds=60 + seconds / 2), expected_seconds=seconds)


def _data_offset(path: Path) -> int:
    header = riff.read_header(path)
    if header is None:
        raise CheckFailed("the decoded sound is no WAV file")
    return path.stat().st_size - header.present_bytes


def join(sound: Sound, parts: list[Part], folder: Path) -> Path:
    """The parts one after the other, with the times that one pass would have given them."""
    joined = folder / "sound.aac"
    with joined.open("wb") as file:
        for part in parts:
            file.writelines(_own_frames(part))
    return _timed(joined, sound, folder)


def _own_frames(part: Part) -> list[bytes]:
    count = part.end - part.first
    frames = list(islice(adts_frames(part.path.read_bytes()), part.warm_up, part.warm_up + count))
    if len(frames) != count:
        raise CheckFailed(f"{count} frames of sound were expected, {len(frames)} were made")
    return frames


def adts_frames(stream: bytes) -> Iterator[bytes]:
    """The frames of an ADTS stream, each with its header (ISO/IEC 14496-3, 1.A.2.2)."""
    at = 0
    while at + ADTS_HEADER_BYTES <= len(stream):
        frame_length = (stream[at + 3] & 3) << 11 | stream[at + 4] << 3 | stream[at + 5] >> 5
        if stream[at] != 0xFF or frame_length < ADTS_HEADER_BYTES:
            raise CheckFailed("the encoded sound has no frame where one should begin")
        yield stream[at : at + frame_length]
        at += frame_length


def _timed(joined: Path, sound: Sound, folder: Path) -> Path:
    path = folder / "sound.m4a"
    graph = ffmpeg.input(local(joined), **CLOSED, f="aac").output(
        local(path),
        f="ipod",
        acodec="copy",
        movie_timescale=sound.sample_rate,
        **{"bsf:a": retiming(sound, FRAME_SAMPLES, frames_of(sound))},
        **ANONYMOUS,
    )
    run(graph, Bounds(deadline_seconds=120 + sound.duration_seconds / 20, core=HERE))
    return path


def retiming(sound: Sound, priming_samples: int, count: int) -> str:
    """A bitstream filter for `count` frames that are copied. The edit list that comes of it leaves out what
    primes the first one, and what fills up the last one.
    """
    last = count - 1
    rest = sound.samples + priming_samples - last * FRAME_SAMPLES
    begin = f"N*{FRAME_SAMPLES}-{priming_samples}"
    duration = f"if(eq(N\\,{last})\\,{rest}\\,{FRAME_SAMPLES})"
    ticks = f"({sound.sample_rate}*TB)"
    return f"setts=ts=({begin})/{ticks}:duration={duration}/{ticks}"
