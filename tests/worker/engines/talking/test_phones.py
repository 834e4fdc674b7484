"""`worker.engines.talking.voice.phones`: what is said, and when."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.worker.engines.talking import voices
from worker.engines.talking.voice import phones
from worker.engines.talking.voice.phones import Phone, recognise
from worker.engines.talking.voice.utterances import utterances
from worker.engines.talking.voice.visemes import BILABIALS, CONSONANTS, VOWELS
from worker.scene import Sound

Heard = tuple[Sound, list[Phone], list[float]]


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Heard:
    """The example voice three times over, 40 s: its phones, and the shares reported."""
    folder = tmp_path_factory.mktemp("heard")
    samples = voices.read(voices.spoken(folder))[:, 0]
    sound = voices.written(folder / "thrice.wav", np.tile(samples, 3))
    shares: list[float] = []
    return sound, recognise(sound, shares.append), shares


def test_the_kinds_of_phones_are_heard(heard: Heard) -> None:
    said, understood = _kinds(voices.spoken_phones()), _kinds(heard[1])
    assert np.mean([one == other for one, other in zip(said, understood, strict=True)]) > 0.7


def test_most_bilabials_are_heard_as_bilabials(heard: Heard) -> None:
    pairs = list(zip(_kinds(voices.spoken_phones()), _kinds(heard[1]), strict=True))
    assert np.mean([understood == "lips" for said, understood in pairs if said == "lips"]) > 0.5
    assert np.mean([understood == "lips" for said, understood in pairs if said != "lips"]) < 0.1


def test_no_phone_lasts_longer_than_a_phone_can(heard: Heard) -> None:
    lengths = [phone.end_seconds - phone.start_seconds for phone in heard[1]]
    assert max(lengths) <= phones.MAX_VOWEL_SECONDS + 0.01
    assert len(lengths) > 300


def test_phones_follow_each_other(heard: Heard) -> None:
    sound, found, _ = heard
    assert all(before.end_seconds <= after.start_seconds + 1e-9 for before, after in pairwise(found))
    assert 0 <= found[0].start_seconds < found[-1].end_seconds <= sound.duration_seconds + 0.01
    assert {phone.name for phone in found} <= {*CONSONANTS, *VOWELS}


def test_progress_rises_to_one(heard: Heard) -> None:
    shares = heard[2]
    assert shares == sorted(shares)
    assert len(shares) >= 2
    assert shares[-1] == 1


def test_the_same_voice_gives_the_same_phones(tmp_path: Path) -> None:
    sound = voices.spoken(tmp_path)
    assert recognise(sound, _ignore) == recognise(sound, _ignore)


@pytest.mark.parametrize("samples", [1, 2_000, 4_320])
def test_a_sound_shorter_than_a_phone_has_none(tmp_path: Path, samples: int) -> None:
    assert recognise(voices.written(tmp_path / "short.wav", np.full(samples, 0.1)), _ignore) == []


@pytest.mark.parametrize(
    "samples", [voices.silence(8), voices.tone(8), voices.pink_noise(8), voices.saxophone(8)]
)
def test_what_is_not_speech_has_next_to_no_phones(tmp_path: Path, samples: voices.Samples) -> None:
    assert len(recognise(voices.written(tmp_path / "dull.wav", samples), _ignore)) <= 2


def test_utterances_are_cut_in_pauses_and_lose_nothing(tmp_path: Path) -> None:
    vowel, pause = voices.vowel(3.7), voices.silence(0.3)
    sound = voices.written(tmp_path / "vowels.wav", np.tile(np.concatenate([vowel, pause]), 15))
    parts = list(utterances(sound))
    for part in parts[1:]:
        assert 3.7 < part.start_seconds % 4 < 4
    ends = [part.start_seconds + len(part.samples) / 16_000 for part in parts]
    assert [part.start_seconds for part in parts] == [0, *ends[:-1]]
    assert ends[-1] == 60
    assert all(3 <= part.seconds <= 6 for part in parts[:-1])


def _ignore(share: float) -> None:
    """Reports to nobody."""


def _kinds(found: list[Phone]) -> list[str]:
    """What kind of phone is heard in each of the first 1300 hops of 10 ms."""
    kinds = ["pause"] * 1_300
    for phone in found:
        start, end = round(phone.start_seconds * 100), round(phone.end_seconds * 100)
        kinds[start:end] = [_kind(phone.name)] * (min(end, 1_300) - min(start, 1_300))
    return kinds[:1_300]


def _kind(name: str) -> str:
    if name in BILABIALS:
        return "lips"
    return "vowel" if name in VOWELS else "consonant" if name in CONSONANTS else "pause"
