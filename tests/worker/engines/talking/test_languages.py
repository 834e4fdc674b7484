"""English, German, French and Mandarin through the whole engine: what the finished video shows.

What the lips are told is in `test_speech`; here it is read back from the pixels, against the exact times of
the phonemes, as the synthesiser tells them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pytest

from tests.worker.engines.talking.films import Shown, shown
from tests.worker.engines.talking.portraits import smile
from tests.worker.engines.talking.readback import Tightness, auc, lead, tightness
from tests.worker.engines.talking.synthesiser import PASSAGES, Part, Speech, one_after_the_other, speech
from worker.video_format import FRAME_RATE

#: Between two languages; long enough for the mouth to come to rest.
PAUSE_SECONDS = 2.0
#: Of a pause, this much at both ends is still the mouth's way to rest, and its way back.
ON_ITS_WAY_SECONDS = 0.7
#: What the mesh sees of lips that don't move under a head that does.
READING_NOISE = 0.04


@dataclass(frozen=True)
class Reading:
    """All languages in one voice, when each is heard, and the film that the engine made of it."""

    voice: Speech
    parts: list[Part]
    film: Shown

    @property
    def lips(self) -> Tightness:
        return tightness(self.film.read, self.voice.said)


@pytest.fixture(scope="module")
def reading(tmp_path_factory: pytest.TempPathFactory) -> Reading:
    voice, parts = one_after_the_other([speech(language) for language in PASSAGES], PAUSE_SECONDS)
    folder = tmp_path_factory.mktemp("languages")
    return Reading(voice, parts, shown(folder, smile().picture, voice.samples, voice.rate))


def test_the_video_is_as_long_as_the_voice(reading: Reading) -> None:
    assert len(reading.film.read) == round(len(reading.voice.samples) / reading.voice.rate * FRAME_RATE)


def test_the_mouth_does_what_it_was_told(reading: Reading) -> None:
    assert reading.film.obedience > 0.85


@pytest.mark.parametrize("number", range(len(PASSAGES)), ids=list(PASSAGES))
def test_the_mouth_moves_with_every_language_a_little_ahead(reading: Reading, number: int) -> None:
    first, last = (round(seconds * FRAME_RATE) for seconds in reading.parts[number])
    begin, end = (round(frame * reading.voice.rate / FRAME_RATE) for frame in (first, last))

    found = lead(reading.film.read[first:last], reading.voice.samples[begin:end], reading.voice.rate)

    assert 0 <= found.milliseconds <= 80
    assert found.correlation > 0.25


def test_lips_come_closer_at_p_b_and_m_than_at_open_vowels(reading: Reading) -> None:
    assert auc(reading.lips.bilabials, reading.lips.open_vowels) > 0.65


def test_lips_come_closer_at_p_b_and_m_than_at_other_consonants(reading: Reading) -> None:
    """By the voice alone it would be 0.33: p, b and m are followed by vowels, and those are loud."""
    assert auc(reading.lips.bilabials, reading.lips.other_consonants) > 0.53


def test_the_mouth_rests_in_pauses(reading: Reading) -> None:
    for one, other in pairwise(reading.parts):
        first = round((one.end_seconds + ON_ITS_WAY_SECONDS) * FRAME_RATE)
        end = round((other.start_seconds - ON_ITS_WAY_SECONDS) * FRAME_RATE)
        assert np.ptp(reading.film.read[first:end]) < READING_NOISE
    assert np.ptp(reading.film.read) > 5 * READING_NOISE
