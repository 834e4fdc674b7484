"""AAC decoded in sections: what comes out is what one decoder makes of it in one go."""

from __future__ import annotations

import wave
from pathlib import Path

import pytest

from app.domain.warnings import AUDIO_DAMAGED
from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg
from tests.worker.scenes import nobody
from worker.sandbox.runner import ProgramFailed
from worker.scene import Sound
from worker.sound import parallel_decoding, riff
from worker.sound.decoding import BLOCK_SAMPLES, decode
from worker.sound.parallel_decoding import MIN_SECONDS, Track

SECTIONS = 3
SECONDS = SECTIONS * MIN_SECONDS

#: Without noise that a decoder makes up: it is another's in each section.
PLAIN = ("-c:a", "aac", "-aac_pns", "0")


@pytest.fixture(autouse=True)
def _several_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parallel_decoding, "CORES", SECTIONS)


def track_of(upload: Path, sample_rate: int = 44_100, channels: int = 2) -> Track:
    return Track(upload, sample_rate, channels, SECONDS, SECONDS + 10)


def decoded(upload: Path, folder: Path) -> Sound:
    folder.mkdir()
    return decode(upload, MediaType.M4A, folder, max_seconds=SECONDS + 9, report=nobody)


def in_one_go(upload: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Sound:
    with monkeypatch.context() as one_core:
        one_core.setattr(parallel_decoding, "CORES", 1)
        return decoded(upload, folder)


def pcm(path: Path) -> bytes:
    with wave.open(str(path)) as file:
        return bytes(file.readframes(file.getnframes()))


@pytest.mark.parametrize(("sample_rate", "channels"), [(44_100, 2), (48_000, 1)])
def test_sections_are_the_same_as_the_whole_sample_for_sample(
    samples: Samples, folder: Path, monkeypatch: pytest.MonkeyPatch, sample_rate: int, channels: int
) -> None:
    form = ("-ar", str(sample_rate), "-ac", str(channels))
    upload = samples.tone(f"long-{channels}.m4a", *PLAIN, *form, seconds=SECONDS)
    track, path = track_of(upload, sample_rate, channels), folder / "sections.wav"

    assert parallel_decoding.decode(track, path, BLOCK_SAMPLES, nobody)

    assert track.count == SECTIONS
    assert pcm(path) == pcm(in_one_go(upload, folder / "whole", monkeypatch).path)
    assert [*folder.glob("sections*")] == [path]


def test_a_long_upload_is_copied_all_the_same(samples: Samples, folder: Path) -> None:
    upload = samples.tone("long-2.m4a", *PLAIN, "-ar", "44100", "-ac", "2", seconds=SECONDS)

    sound = decoded(upload, folder / "sound")

    assert (sound.duration_seconds, sound.aac, sound.notices) == (SECONDS, upload, ())


def test_what_is_resampled_keeps_its_length(samples: Samples, folder: Path) -> None:
    upload = samples.tone("resampled.m4a", *PLAIN, "-ar", "32000", seconds=SECONDS)

    assert decoded(upload, folder / "sound").duration_seconds == SECONDS


def test_of_what_is_damaged_all_is_kept_that_one_decoder_finds(
    samples: Samples, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = samples.tone("long.m4a", *PLAIN, seconds=SECONDS), folder / "cut.m4a"
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "+faststart", cut)
    cut.write_bytes(cut.read_bytes()[: whole.stat().st_size // 2])

    sound = decoded(cut, folder / "sections")

    assert not is_decoded_in_sections(cut, folder / "no.wav")
    assert AUDIO_DAMAGED.notice() in sound.notices
    assert 0.4 * SECONDS < sound.duration_seconds < 0.6 * SECONDS
    assert pcm(sound.path) == pcm(in_one_go(cut, folder / "whole", monkeypatch).path)


def is_decoded_in_sections(upload: Path, path: Path) -> bool:
    try:
        return parallel_decoding.decode(track_of(upload), path, BLOCK_SAMPLES, nobody)
    except ProgramFailed:
        return False


@pytest.mark.parametrize("seconds", [MIN_SECONDS, 400_000])
def test_what_is_short_or_too_large_for_a_header_is_decoded_in_one_go(seconds: float) -> None:
    assert not Track(Path("any.m4a"), 44_100, 2, seconds, seconds + 1).is_worth_it


def test_only_what_is_a_wav_file_can_be_extended(folder: Path) -> None:
    other, tail = folder / "other.wav", folder / "tail"
    other.write_bytes(b"no sound at all")
    tail.write_bytes(b"1234")

    with pytest.raises(ValueError, match="no WAV file"):
        riff.extend(other, tail)
