"""Closures and spikes: p, b and m, by the sound and by the chances of them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.engines.talking import voices
from worker.engines.talking.numerics.arrays import Floats, floats
from worker.engines.talking.voice.closures import USUAL_SECONDS, closure_near, muffled_levels
from worker.engines.talking.voice.spikes import spikes

TOKENS = ("<blank>", "a", "n", "m", "b")


@pytest.mark.parametrize("late_seconds", [-0.03, 0, 0.03])
def test_the_edges_of_a_closure_are_those_of_the_dip(late_seconds: float) -> None:
    voice = voices.vowel(1)[::3].copy()
    voice[6_400:7_680] *= 0.02
    start, end = closure_near(muffled_levels(floats(voice)), 0.4 + late_seconds)
    assert start == pytest.approx(0.4, abs=0.012)
    assert end == pytest.approx(0.48, abs=0.012)


def test_a_closure_after_a_pause_ends_where_the_voice_begins() -> None:
    voice = voices.vowel(1)[::3].copy()
    voice[:8_000] = 0
    start, end = closure_near(muffled_levels(floats(voice)), 0.42)
    assert end == pytest.approx(0.5, abs=0.012)
    assert end - start == pytest.approx(USUAL_SECONDS)


def test_where_nothing_dips_a_closure_is_as_long_as_most() -> None:
    start, end = closure_near(muffled_levels(floats(voices.vowel(1)[::3])), 0.4)
    assert (start, end) == pytest.approx((0.4, 0.4 + USUAL_SECONDS))


def test_spikes_are_told_once() -> None:
    assert told({3: {"a": 0.9}, 4: {"a": 0.8}, 9: {"n": 0.7}}) == [(3, "a"), (9, "n")]


def test_a_weak_n_that_may_be_m_is_m() -> None:
    assert told({9: {"n": 0.5, "m": 0.2, "b": 0.1}}) == [(9, "m")]
    assert told({9: {"n": 0.85, "m": 0.14}}) == [(9, "n")]


def test_a_b_that_the_blank_hides_is_heard() -> None:
    assert told({9: {"b": 0.2}}) == [(9, "b")]
    assert told({9: {"b": 0.05}}) == []


def told(chances: dict[int, dict[str, float]]) -> list[tuple[int, str]]:
    probabilities: Floats = np.zeros((20, len(TOKENS)), np.float32)
    for frame, each in chances.items():
        for token, chance in each.items():
            probabilities[frame, TOKENS.index(token)] = chance
    probabilities[:, 0] = 1 - probabilities.sum(axis=1)
    return [(spike.frame, spike.name) for spike in spikes(probabilities, TOKENS, 0)]
