"""The voice as the engine hears it: 16 kHz mono, in blocks, whatever the length of the sound."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import BinaryIO

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from worker.engines.talking.numerics.arrays import Floats, floats
from worker.errors import CheckFailed
from worker.scene import Sound
from worker.sound import riff

SAMPLE_RATE = 16_000
#: Tracks have one value per hop of 10 ms.
HOPS_PER_SECOND = 100
HOP_SAMPLES = SAMPLE_RATE // HOPS_PER_SECOND

#: What is in memory at once: ten seconds.
BLOCK_HOPS = 10 * HOPS_PER_SECOND
SAMPLE_BYTES = 2
FULL_SCALE = 32_768

#: The low-pass filter of the resampler: -6 dB here, its kernel reaches so far to both sides.
CUTOFF_HZ = 7_600
REACH_SECONDS = 0.002
#: Kaiser's window with this beta leaves -80 dB beyond the transition (Kaiser 1974).
KAISER_BETA = 8.0


def hops(sound: Sound) -> int:
    """How many hops of 10 ms cover the sound: the length of its 100 Hz tracks."""
    return math.ceil(sound.samples * HOPS_PER_SECOND / sound.sample_rate)


def blocks(sound: Sound) -> Iterator[Floats]:
    """The sound as 16 kHz mono between -1 and 1: `hops(sound)` whole hops, in blocks of ten seconds or so.

    A linear-phase filter: nothing is delayed. The sample rate must be a multiple of 100 Hz.

    Raises:
        CheckFailed: the file isn't the WAV file that we made it.
    """
    hop = sound.sample_rate // HOPS_PER_SECOND
    kernel = _kernel(sound.sample_rate)
    for windows in sliding(_mono_blocks(sound), len(kernel), hop, (len(kernel) - hop) // 2):
        yield (windows @ kernel).reshape(-1)


def seed(sound: Sound) -> int:
    """A number that the same samples always give: the first 8 bytes of their SHA-256."""
    digest = hashlib.sha256()
    for pcm in _pcm_blocks(sound):
        digest.update(pcm)
    return int.from_bytes(digest.digest()[:8], "big")


def sliding(parts: Iterable[Floats], length: int, hop: int, lead: int) -> Iterator[Floats]:
    """Windows of a signal that comes in `parts`: arrays of (count, length).

    Window i begins at i * hop - lead. There are as many as hops cover the signal; beyond it there are zeros.
    """
    pending = np.zeros(lead, np.float32)
    for part in chain(parts, [np.zeros(length - lead - 1, np.float32)]):
        pending = np.concatenate((pending, part))
        count = (len(pending) - length) // hop + 1
        if count > 0:
            yield sliding_window_view(pending, length)[::hop][:count]
            pending = pending[count * hop :]


def _kernel(sample_rate: int) -> Floats:
    """(input samples, HOP_SAMPLES): one hop of the output is the input around it times this matrix."""
    hop, file_access = sample_rate // HOPS_PER_SECOND, math.ceil(REACH_SECONDS * sample_rate)
    came_at = np.arange(-file_access, hop + file_access)[:, None] / sample_rate
    distance_seconds = came_at - np.arange(HOP_SAMPLES) / SAMPLE_RATE
    inside = np.clip(1 - (distance_seconds / REACH_SECONDS) ** 2, 0, 1)
    window = np.i0(KAISER_BETA * np.sqrt(inside)) * (np.abs(distance_seconds) < REACH_SECONDS)
    taps = np.sinc(2 * CUTOFF_HZ * distance_seconds) * window
    return floats(taps / taps.sum(axis=0))


def _mono_blocks(sound: Sound) -> Iterator[Floats]:
    for pcm in _pcm_blocks(sound):
        samples = np.frombuffer(pcm, "<i2").reshape(-1, sound.channels)
        yield samples.mean(axis=1, dtype=np.float32) / np.float32(FULL_SCALE)


def _pcm_blocks(sound: Sound) -> Iterator[bytes]:
    header = riff.read_header(sound.path)
    if header is None:
        raise CheckFailed(f"the decoded sound is no WAV file: {sound.path}")
    frame_bytes = SAMPLE_BYTES * sound.channels
    with sound.path.open("rb") as file:
        file.seek(sound.path.stat().st_size - header.present_bytes)
        yield from _pieces(
            file,
            sound.samples * frame_bytes,
            BLOCK_HOPS * (sound.sample_rate // HOPS_PER_SECOND) * frame_bytes,
        )


def _pieces(file: BinaryIO, total_bytes: int, piece_bytes: int) -> Iterator[bytes]:
    for offset in range(0, total_bytes, piece_bytes):
        yield file.read(min(piece_bytes, total_bytes - offset))
