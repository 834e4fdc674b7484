"""Sound encoded in parts, judged by what a decoder hears of it."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.support.media_samples import ffmpeg, wav_bytes
from tests.worker.scenes import nobody
from worker.errors import CheckFailed
from worker.sandbox.runner import run_all
from worker.scene import Sound
from worker.sound import aac

RATE = 44_100
Samples = np.ndarray[Any, np.dtype[np.float64]]


def written(samples: Samples, folder: Path, rate: int = RATE) -> Sound:
    """A WAV file of (samples, channels) between -1 and 1."""
    path = folder / "sound.wav"
    count, channels = samples.shape
    pcm = np.round(samples * 32_000).astype("<i2").tobytes()
    path.write_bytes(wav_bytes(pcm, channels=channels, sample_rate=rate))
    return Sound(path, rate, channels, count)


def music(seconds: float, channels: int = 2, rate: int = RATE) -> Samples:
    """Chords that change, with noise that swells: every frame has something to encode."""
    time = np.arange(round(seconds * rate)) / rate
    step = np.floor(time * 2)
    random = np.random.default_rng(4)
    voices = [np.sin(2 * np.pi * (180 + 45 * ((step * k) % 7)) * k * time) / k for k in range(1, 7)]
    noise = random.standard_normal(len(time)) * (0.5 + 0.5 * np.sin(2 * np.pi * 0.7 * time))
    left = 0.12 * np.sum(voices, axis=0) + 0.05 * noise
    return np.stack([left, np.roll(left, 37)][:channels], axis=1)


def heard(path: Path, channels: int) -> Samples:
    """What a player would play: without the priming samples, cut where the edit list says."""
    plain = path.with_suffix(".pcm.wav")
    ffmpeg("-i", path, "-c:a", "pcm_s16le", plain)
    with av.open(str(plain)) as file:
        blocks = [frame.to_ndarray().reshape(-1, channels) for frame in file.decode(audio=0)]
    return np.concatenate(blocks).astype(np.float64) / 32_000


def in_one_pass(sound: Sound, folder: Path) -> Path:
    path = folder / "whole.m4a"
    ffmpeg(
        "-i",
        sound.path,
        "-c:a",
        "aac",
        "-aac_coder",
        aac.CODER,
        "-b:a",
        str(aac.BIT_RATES[sound.channels]),
        path,
    )
    return path


def in_parts(sound: Sound, folder: Path, cores: int) -> tuple[Path, list[aac.Part]]:
    parts = aac.parts_of(sound, folder, cores)
    run_all([aac.encoder(sound, part) for part in parts])
    return aac.join(sound, parts, folder), parts


def noise_db(samples: Samples, original: Samples) -> float:
    """How far below the original the difference is."""
    count = min(len(samples), len(original))
    error = samples[:count] - original[:count]
    return float(10 * np.log10(np.mean(original**2) / np.mean(error**2)))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("count", [1, 2, 1_023, 1_024, 1_025, 5_000, 300_000])
def test_it_is_as_long_as_the_sound_to_the_sample(tmp_path: Path, count: int, rate: int) -> None:
    sound = written(music(count / rate, 1, rate), tmp_path, rate)

    path = aac.encode(sound, tmp_path, nobody)

    with av.open(str(path)) as file:
        packets = [packet for packet in file.demux(audio=0) if packet.size]
        assert packets[0].pts == -aac.FRAME_SAMPLES
        assert (packets[-1].pts or 0) + (packets[-1].duration or 0) == count
        assert file.streams.audio[0].duration == count
        assert file.streams.audio[0].profile == "LC"


@pytest.mark.parametrize("channels", [1, 2])
def test_parts_sound_like_one_pass(tmp_path: Path, channels: int) -> None:
    original = music(42, channels)
    sound = written(original, tmp_path)

    path, parts = in_parts(sound, tmp_path, cores=8)
    whole = noise_db(heard(in_one_pass(sound, tmp_path), channels), original)

    assert len(parts) == 8
    assert noise_db(heard(path, channels), original) > whole - 0.3


def test_there_is_no_step_where_parts_meet(tmp_path: Path) -> None:
    original = music(42, 1)
    sound = written(original, tmp_path)
    path, parts = in_parts(sound, tmp_path, cores=8)
    ours, theirs = heard(path, 1), heard(in_one_pass(sound, tmp_path), 1)

    joints = [(part.first - 1) * aac.FRAME_SAMPLES for part in parts[1:]]
    for joint in joints:
        around = slice(joint - 2 * aac.FRAME_SAMPLES, joint + 2 * aac.FRAME_SAMPLES)
        step, usual = (np.abs(each[around] - original[around]).max() for each in (ours, theirs))
        assert step < 1.5 * usual + 0.002


def test_it_starts_where_the_sound_does(tmp_path: Path) -> None:
    click = np.zeros((RATE * 12, 1))
    places = [2_000, RATE * 6, RATE * 11]
    click[places] = 0.9

    path, parts = in_parts(written(click, tmp_path), tmp_path, cores=2)

    assert len(parts) == 2
    sound = np.abs(heard(path, 1)[:, 0])
    for place in places:
        found = place - 2_000 + int(np.argmax(sound[place - 2_000 : place + 2_000]))
        assert abs(found - place) < RATE / 1_000


def test_parts_cover_four_hours_and_none_is_long() -> None:
    sound = Sound(Path("sound.wav"), 48_000, 2, 48_000 * 14_400 + 7)

    parts = aac.parts_of(sound, Path("folder"), cores=2)

    assert [part.first for part in parts] == [0, *[part.end for part in parts[:-1]]]
    assert parts[-1].end == aac.frames_of(sound)
    longest_seconds = max(part.end - part.first for part in parts) * aac.FRAME_SAMPLES / 48_000
    assert longest_seconds <= aac.MAX_PART_SECONDS + 1
    assert len(parts) % 2 == 0


def silence_of(seconds: int, folder: Path) -> Sound:
    """A file with a hole in it, which takes no room on the disk."""
    path, data_bytes = folder / "sound.wav", 4 * RATE * seconds
    path.write_bytes(wav_bytes(b"", channels=2, sample_rate=RATE, claimed_bytes=data_bytes))
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size + data_bytes)
    return Sound(path, RATE, 2, RATE * seconds)


def test_a_part_of_four_hours_takes_a_fraction_of_their_memory(tmp_path: Path) -> None:
    sound = silence_of(14_400, tmp_path)
    part = aac.parts_of(sound, tmp_path, cores=64)[-1]
    encoder = aac.encoder(sound, part)
    bounds = replace(encoder.bounds, address_space_bytes=400 << 20)

    run_all([replace(encoder, bounds=bounds)])

    frames = list(aac.adts_frames(part.path.read_bytes()))
    assert len(frames) >= part.warm_up + part.end - part.first
    assert sound.path.stat().st_size > 2 << 30


def test_neither_the_samples_nor_all_frames_are_in_memory_at_once(tmp_path: Path) -> None:
    """Two megabytes of frames, of 150 of samples; those of one part, the most that is held, are a quarter."""
    sound = silence_of(900, tmp_path)
    tracemalloc.start()

    aac.encode(sound, tmp_path, nobody)

    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 1_250_000


def test_a_part_that_lacks_frames_is_noticed(tmp_path: Path) -> None:
    sound = written(music(12, 1), tmp_path)
    parts = aac.parts_of(sound, tmp_path, cores=2)
    run_all([aac.encoder(sound, part) for part in parts])
    parts[0].path.write_bytes(b"".join(list(aac.adts_frames(parts[0].path.read_bytes()))[:-20]))

    with pytest.raises(CheckFailed, match="frames of sound were expected"):
        aac.join(sound, parts, tmp_path)


@pytest.mark.parametrize("junk", [b"\x00" * 20, b"\xff\xf1\x50\x80\x00\x1f\xfc" + bytes(20)])
def test_what_is_no_frame_is_noticed(junk: bytes) -> None:
    with pytest.raises(CheckFailed):
        list(aac.adts_frames(junk))
