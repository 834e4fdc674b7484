"""Two channels that can't be heard as they are: one is silent, or each is the other's opposite."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg
from tests.worker.scenes import nobody
from worker.engines.talking.voice.waveform import blocks
from worker.scene import Sound
from worker.sound import riff
from worker.sound.decoding import decode


def heard(
    samples: Samples, folder: Path, left: str, right: str, name: str = "x.wav", seconds: int = 2
) -> Sound:
    """What becomes of a sound whose channels are these expressions of time."""
    source = samples.folder / f"{abs(hash((left, right, seconds)))}-{name}"
    ffmpeg("-f", "lavfi", "-i", f"aevalsrc=exprs={left}|{right}:s=44100:d={seconds}:c=stereo", source)
    media_type = MediaType.M4A if source.suffix == ".m4a" else MediaType.WAV
    return decode(source, media_type, folder, max_seconds=3600, report=nobody)


def channels(sound: Sound) -> np.ndarray:
    header = riff.read_header(sound.path)
    assert header is not None
    pcm = sound.path.read_bytes()[-header.present_bytes :]
    return np.frombuffer(pcm, "<i2").reshape(-1, sound.channels).astype(float)


def codes(sound: Sound) -> list[str]:
    return [notice.code for notice in sound.notices]


VOICE, OTHER, QUIET = "0.3*sin(1900*t)", "0.2*sin(2600*t)", "0.002*sin(2600*t)"


@pytest.mark.parametrize("silence", ["0", QUIET])
@pytest.mark.parametrize("side", [0, 1])
def test_a_voice_in_one_channel_is_brought_to_both(
    samples: Samples, folder: Path, silence: str, side: int
) -> None:
    sound = heard(samples, folder, *((VOICE, silence), (silence, VOICE))[side])

    assert codes(sound) == ["one_channel"]
    assert ("left", "right")[side] in sound.notices[0].message
    assert (sound.channels, sound.samples) == (1, 88_200)
    assert np.sqrt(np.mean(channels(sound) ** 2)) == pytest.approx(0.3 * 32_768 / 2**0.5, rel=0.01)


def test_channels_of_opposite_phase_no_longer_cancel_each_other_out(samples: Samples, folder: Path) -> None:
    sound = heard(samples, folder, VOICE, f"-0.8*{VOICE}")

    assert codes(sound) == ["opposite_phase"]
    assert (sound.channels, sound.samples) == (2, 88_200)
    left, right = channels(sound).T
    assert right == pytest.approx(0.8 * left, abs=2)
    mixed = np.concatenate(list(blocks(sound)))
    assert np.sqrt(np.mean(mixed**2)) == pytest.approx(0.9 * 0.3 / 2**0.5, rel=0.05)


@pytest.mark.parametrize(
    ("left", "right"),
    [(VOICE, VOICE), (VOICE, OTHER), (VOICE, f"0.1*{VOICE}"), ("0", "0"), ("random(0)-0.5", "random(1)-0.5")],
)
def test_other_channels_stay_as_they_are(samples: Samples, folder: Path, left: str, right: str) -> None:
    sound = heard(samples, folder, left, right)

    assert (sound.channels, codes(sound)) == (2, [])


@pytest.mark.parametrize(("left", "right"), [(VOICE, "0"), (VOICE, f"-{VOICE}")])
def test_aac_with_such_channels_is_not_copied(samples: Samples, folder: Path, left: str, right: str) -> None:
    assert heard(samples, folder, left, right, "x.m4a").aac is None
    assert heard(samples, folder, VOICE, OTHER, "x.m4a").aac is not None


def test_a_long_voice_that_only_comes_later_in_the_other_channel_is_stereo(
    samples: Samples, folder: Path
) -> None:
    """Between the places that are glanced at."""
    between = "if(between(t\\,50.5\\,51.5)\\,0.3*sin(1900*t)\\,0)"

    assert codes(heard(samples, folder, VOICE, between, seconds=150)) == []
    assert codes(heard(samples, folder, VOICE, "0", seconds=150)) == ["one_channel"]


def test_a_single_sample_is_judged_too(samples: Samples, folder: Path) -> None:
    head = struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 40, b"WAVE", b"fmt ", 16, 1, 2, 44_100, 176_400, 4, 16, b"data", 4
    )
    source = samples.written("one.wav", head + struct.pack("<hh", 16_384, 0))

    assert codes(decode(source, MediaType.WAV, folder, max_seconds=60, report=nobody)) == ["one_channel"]
