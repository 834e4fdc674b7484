"""`worker.engines.talking.voice.hearing`: several processes hear what one would."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.worker.engines.talking import voices
from worker.engines.talking.voice import features, recogniser
from worker.engines.talking.voice.hearing import hear, recognised
from worker.engines.talking.voice.phones import recognise


def test_three_processes_hear_what_one_does(tmp_path: Path) -> None:
    sound = voices.repeated(voices.spoken(tmp_path), tmp_path / "long.wav", 4)
    shares: list[float] = []

    together = recognised(sound, tmp_path, shares.append, cores=3)

    assert together == recognise(sound, lambda _: None)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


def test_a_hearing_holds_phones_and_features(tmp_path: Path) -> None:
    sound = voices.spoken(tmp_path)

    heard = hear(sound, tmp_path, lambda _: None)

    assert heard.phones == recognise(sound, lambda _: None)
    assert np.array_equal(heard.features.loudness, features.listen(sound).loudness)


def test_without_the_recogniser_no_phones_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "ASRModel", None)

    assert hear(voices.spoken(tmp_path), tmp_path, lambda _: None).phones is None


@pytest.mark.parametrize("seconds", [0.05, 3])
def test_a_short_sound_is_heard_too(tmp_path: Path, seconds: float) -> None:
    sound = voices.written(tmp_path / "vowel.wav", voices.vowel(seconds))

    assert recognised(sound, tmp_path, lambda _: None) == recognise(sound, lambda _: None)
