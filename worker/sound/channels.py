"""Two channels of which only one is of use, or that cancel each other out: found, and mended."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import ffmpeg
import numpy as np

from app.domain.warnings import ONE_CHANNEL, OPPOSITE_PHASE, Notice
from worker.errors import CheckFailed
from worker.sandbox.ffmpeg import ANONYMOUS, CLOSED, local, run
from worker.sandbox.resource_limits import HERE, Bounds
from worker.scene import Sound
from worker.sound import riff

#: A channel with less than this share of the other's energy (30 dB below it) is heard as silent beside it.
SILENT_SHARE = 1e-3
#: Channels that are so much each other's opposite cancel each other out where they are mixed.
OPPOSITE_CORRELATION = -0.9
#: Mean squares of 16-bit samples below this are silence.
SILENCE = 4.0

#: Longer sounds are first looked at in so many places of a second each.
GLANCE_SECONDS, GLANCES = 120, 60
BLOCK_SAMPLES = 1 << 18


@dataclass(frozen=True)
class Fault:
    """What is wrong with the channels; `mix` is the filter that mends it, for so many `channels`."""

    notice: Notice
    mix: str
    channels: int


def mended(sound: Sound, folder: Path) -> Sound:
    """The sound as it is, or with its channels mended and a notice of it, under the same path.

    Raises:
        What `process.run` does.
    """
    fault = fault_of(sound)
    if fault is None:
        return sound
    path = folder / "mended.wav"
    heard = ffmpeg.input(local(sound.path), **CLOSED, f="wav")["a:0"].filter("pan", fault.mix)
    graph = heard.output(local(path), f="wav", rf64="auto", acodec="pcm_s16le", **ANONYMOUS)
    run(graph, Bounds(deadline_seconds=60 + sound.duration_seconds / 10, core=HERE))
    path.replace(sound.path)
    return replace(sound, channels=fault.channels, notices=(*sound.notices, fault.notice), aac=None)


def fault_of(sound: Sound) -> Fault | None:
    """What is wrong with its two channels. A long sound is read whole only if a glance finds a fault."""
    if sound.channels != 2:
        return None
    spans = list(_spans(sound))
    fault = _judged(_energies(sound, spans))
    if fault is None or len(spans) == 1:
        return fault
    return _judged(_energies(sound, [(0, sound.samples)]))


def _spans(sound: Sound) -> Iterator[tuple[int, int]]:
    if sound.duration_seconds <= GLANCE_SECONDS:
        yield 0, sound.samples
        return
    for number in range(GLANCES):
        begin = sound.samples * number // GLANCES
        yield begin, begin + sound.sample_rate


def _energies(sound: Sound, spans: list[tuple[int, int]]) -> Any:
    """The mean products of left and right with themselves and each other, as a 2x2 matrix."""
    header = riff.read_header(sound.path)
    if header is None:
        raise CheckFailed(f"the decoded sound is no WAV file: {sound.path}")
    offset = sound.path.stat().st_size - header.present_bytes
    samples = np.memmap(sound.path, "<i2", "r", offset, (sound.samples, 2))
    products, count = np.zeros((2, 2)), 0
    for begin, end in spans:
        for first in range(begin, end, BLOCK_SAMPLES):
            block = samples[first : min(end, first + BLOCK_SAMPLES)].astype(np.float32)
            products += block.T @ block
            count += len(block)
    return products / max(1, count)


def _judged(energies: Any) -> Fault | None:
    left, right, both = float(energies[0, 0]), float(energies[1, 1]), float(energies[0, 1])
    if max(left, right) < SILENCE:
        return None
    if min(left, right) <= SILENT_SHARE * max(left, right):
        return _one_channel(0 if left > right else 1)
    if both < OPPOSITE_CORRELATION * (left * right) ** 0.5:
        return Fault(OPPOSITE_PHASE.notice(), "stereo|c0<c0|c1<-1*c1", 2)
    return None


def _one_channel(number: int) -> Fault:
    side = ("left", "right")[number]
    return Fault(ONE_CHANNEL.notice(side=side), f"mono|c0<c{number}", 1)
