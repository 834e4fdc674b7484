"""A voice at the loudness that was asked for, judged by what a decoder hears of the finished AAC."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.media.media_types import MediaType
from tests.support.media_samples import ffmpeg, wav_bytes
from tests.support.paths import VOICE
from tests.worker.scenes import nobody
from tests.worker.sound.loudness_meter import Samples, integrated_lufs, true_peak_db
from worker.scene import Sound, SoundTrack
from worker.sound import loudness_normalisation
from worker.sound.decoding import decode
from worker.sound.loudness_normalisation import levelled

RATE = 44_100


def samples_of(path: Path, *options: str) -> Samples:
    """What a player would play, (samples, channels) between -1 and 1."""
    raw = path.with_suffix(".raw.wav")
    ffmpeg("-i", path, "-c:a", "pcm_f32le", *options, raw)
    content = raw.read_bytes()
    channels = int.from_bytes(content[22:24], "little")
    data = content.index(b"data") + 8
    return np.frombuffer(content[data:], "<f4").reshape(-1, channels).astype(np.float64)


def sound_of(samples: Samples, folder: Path, rate: int = RATE) -> Sound:
    """As a job comes to have it; louder than full scale is clipped."""
    upload = folder / "upload.wav"
    pcm = np.round(np.clip(samples, -1, 1) * 32_767).astype("<i2").tobytes()
    upload.write_bytes(wav_bytes(pcm, channels=samples.shape[1], sample_rate=rate))
    return decode(upload, MediaType.WAV, folder, max_seconds=60, report=nobody)


def codes(track: SoundTrack) -> list[str]:
    return [notice.code for notice in track.notices]


@pytest.fixture(scope="session")
def voice(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    """Four seconds of the example, mono."""
    copy = tmp_path_factory.mktemp("voice") / "voice.mp3"
    copy.write_bytes(VOICE.read_bytes())
    return samples_of(copy, "-t", "4", "-ac", "1", "-ar", str(RATE))


def quieter(voice: Samples) -> Samples:
    return voice * 10 ** (-25 / 20)


def clipped(voice: Samples) -> Samples:
    return voice * 12


def with_clicks(voice: Samples) -> Samples:
    """A quiet voice, and peaks that leave no room to make it louder."""
    peaky = quieter(voice)
    peaky[20_000::40_000] = 0.95
    return peaky


def in_stereo(voice: Samples) -> Samples:
    return np.concatenate([voice, np.roll(voice, 400) / 2], axis=1)


def as_it_is(voice: Samples) -> Samples:
    return voice


@pytest.mark.parametrize("change", [as_it_is, quieter, clipped, with_clicks, in_stereo])
def test_it_has_the_loudness_asked_for_and_no_high_peak(
    voice: Samples, folder: Path, change: Callable[[Samples], Samples]
) -> None:
    sound = sound_of(change(voice), folder)

    track = levelled(sound, -16, folder, nobody)

    heard = samples_of(track.path)
    assert integrated_lufs(heard, RATE) == pytest.approx(-16, abs=0.5)
    assert true_peak_db(heard) <= -1
    assert heard.shape == (sound.samples, sound.channels)
    assert track.lufs == pytest.approx(integrated_lufs(heard, RATE), abs=0.15)
    assert track.lufs_before == pytest.approx(integrated_lufs(samples_of(sound.path), RATE), abs=0.15)
    assert codes(track) == []


def test_a_voice_from_the_telephone_is_levelled(voice: Samples, folder: Path) -> None:
    sound = sound_of(voice[::6] / 4, folder, rate=8_000)

    track = levelled(sound, -14, folder, nobody)

    heard = samples_of(track.path)
    assert integrated_lufs(heard, 48_000) == pytest.approx(-14, abs=0.5)
    assert true_peak_db(heard) <= -1
    assert len(heard) == sound.samples


@pytest.mark.parametrize("target_lufs", [-20, -11])
def test_the_start_stays_where_it_is_with_and_without_a_limiter(
    voice: Samples, folder: Path, target_lufs: float
) -> None:
    sound = sound_of(voice, folder)

    track = levelled(sound, target_lufs, folder, nobody)

    heard, original = samples_of(track.path)[:, 0], samples_of(sound.path)[:, 0]
    file_access, span = 200, slice(20_000, 60_000)
    around = heard[span.start - file_access : span.stop + file_access]
    found = int(np.argmax(np.correlate(around, original[span], mode="valid"))) - file_access
    assert abs(found) <= 2


@pytest.mark.parametrize(
    ("seconds", "level", "code"),
    [(0.3, 1.0, "too_short_to_level"), (2, 0.0, "too_quiet_to_level"), (2, 0.0002, "too_quiet_to_level")],
)
def test_what_has_no_loudness_is_left_as_it_is_and_told(
    voice: Samples, folder: Path, seconds: float, level: float, code: str
) -> None:
    sound = sound_of(voice[20_000 : 20_000 + round(seconds * RATE)] * level, folder)

    track = levelled(sound, -16, folder, nobody)

    heard = samples_of(track.path)
    assert (track.lufs, track.lufs_before, codes(track)) == (None, None, [code])
    assert len(heard) == sound.samples
    assert np.sqrt((heard**2).mean()) == pytest.approx(
        np.sqrt((samples_of(sound.path) ** 2).mean()), rel=0.05
    )


def test_a_whisper_is_raised_by_thirty_decibels_and_no_more(voice: Samples, folder: Path) -> None:
    track = levelled(sound_of(voice * 10 ** (-40 / 20), folder), -16, folder, nobody)

    assert track.lufs is not None
    assert track.lufs_before is not None
    assert track.lufs - track.lufs_before == pytest.approx(loudness_normalisation.MAX_GAIN_DB, abs=0.3)
    (notice,) = track.notices
    assert notice.code == "loudness_not_reached"
    assert notice.message.endswith("instead of -16: it was raised by 30 dB, and more would be noise.")


def test_clicks_alone_cannot_be_made_loud(folder: Path) -> None:
    clicks = np.zeros((3 * RATE, 1))
    clicks[::4_000] = 0.9

    track = levelled(sound_of(clicks, folder), -10, folder, nobody)

    assert true_peak_db(samples_of(track.path)) <= -1
    (notice,) = track.notices
    assert notice.code == "loudness_not_reached"
    assert notice.message.endswith("its peaks leave no more room.")


def test_a_peak_that_the_encoder_makes_too_high_is_lowered(folder: Path) -> None:
    """A square wave has its peaks by the phases of its overtones, which the encoder changes."""
    time = np.arange(4 * RATE)[:, None] / RATE
    square = 0.3 * np.sign(np.sin(2 * np.pi * 50 * time))

    track = levelled(sound_of(square, folder), -8, folder, nobody)

    assert true_peak_db(samples_of(track.path)) <= -1
