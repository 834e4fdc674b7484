"""`worker.engines.talking.voice.hearing`: several processes hear what one would."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.worker.engines.talking import voices
from worker.engines.talking.voice import phones
from worker.engines.talking.voice.hearing import hear
from worker.engines.talking.voice.phones import phones_available, recognise

pytestmark = pytest.mark.skipif(not phones_available(), reason="pocketsphinx has no wheel here")


def test_three_processes_hear_what_one_does(tmp_path: Path) -> None:
    sound = voices.repeated(voices.spoken(tmp_path), tmp_path / "long.wav", 4)
    shares: list[float] = []

    together = hear(sound, tmp_path, shares.append, cores=3)

    assert together == recognise(sound, lambda _: None)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)


@pytest.mark.parametrize("seconds", [0.05, 3])
def test_nothing_is_heard_in_the_worker_s_own_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seconds: float
) -> None:
    """There it would keep the heart from beating."""
    sound = voices.written(tmp_path / "vowel.wav", voices.vowel(seconds))
    expected = recognise(sound, lambda _: None)
    monkeypatch.setattr(phones, "pocketsphinx", None)

    assert hear(sound, tmp_path, lambda _: None) == expected
