"""`worker.engines.talking.voice.waveform` and `features`: hearing without knowing any language."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.worker.engines.talking import voices
from worker.engines.talking.voice import features, waveform
from worker.engines.talking.voice.features import Features
from worker.scene import Sound


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return voices.spoken(tmp_path_factory.mktemp("voice"))


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("hz", [100, 1_000, 6_000])
def test_a_tone_keeps_its_strength_and_its_moment_at_16_khz(tmp_path: Path, rate: int, hz: int) -> None:
    heard = _heard(voices.written(tmp_path / "tone.wav", voices.tone(1, hz, rate), rate))
    expected = voices.tone(1, hz, waveform.SAMPLE_RATE)
    assert np.abs(heard - expected)[100:-100].max() < 0.001


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_what_16_khz_can_not_hold_is_not_heard_as_something_else(tmp_path: Path, rate: int) -> None:
    heard = _heard(voices.written(tmp_path / "tone.wav", voices.tone(1, 9_000, rate), rate))
    assert np.abs(heard)[100:-100].max() < 0.0005


def test_both_channels_are_heard(tmp_path: Path) -> None:
    tone, nothing = voices.tone(0.5), voices.silence(0.5)
    left = _heard(voices.written(tmp_path / "left.wav", np.stack([tone, nothing], axis=1)))
    right = _heard(voices.written(tmp_path / "right.wav", np.stack([nothing, tone], axis=1)))
    assert np.array_equal(left, right)
    assert np.abs(left).max() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize(("samples", "hops"), [(1, 1), (441, 1), (481, 2), (2_205, 5), (480_001, 1_001)])
def test_every_sample_is_covered_by_a_hop(tmp_path: Path, rate: int, samples: int, hops: int) -> None:
    sound = voices.written(tmp_path / "short.wav", np.full(samples, 0.1), rate)
    expected = hops if rate == 48_000 else -(-samples // 441)
    assert waveform.hops(sound) == expected
    assert len(_heard(sound)) == expected * waveform.HOP_SAMPLES
    assert len(features.listen(sound)) == expected


def test_blocks_join_without_a_seam(tmp_path: Path) -> None:
    long_tone = voices.tone(25, 1_000)
    heard = _heard(voices.written(tmp_path / "long.wav", long_tone))
    assert np.abs(heard - voices.tone(25, 1_000, waveform.SAMPLE_RATE))[100:-100].max() < 0.001


def test_the_same_voice_sounds_the_same_at_either_rate(tmp_path: Path, spoken: Sound) -> None:
    samples = voices.read(spoken)[:, 0]
    moments = np.arange(int(len(samples) * 44.1 / 48)) * 48 / 44.1
    other_rate = np.interp(moments, np.arange(len(samples)), samples)
    other = features.listen(voices.written(tmp_path / "other.wav", other_rate, 44_100))
    here = features.listen(spoken)
    assert np.corrcoef(here.loudness[:1_300], other.loudness[:1_300])[0, 1] > 0.999
    assert np.corrcoef(here.openness[:1_300], other.openness[:1_300])[0, 1] > 0.99


def test_loudness_follows_the_voice(spoken: Sound) -> None:
    samples = voices.read(spoken)[:, 0]
    power = (samples[: len(samples) // 480 * 480].reshape(-1, 480) ** 2).mean(axis=1)
    level_db = np.clip(10 * np.log10(power + 1e-9), -50, 0)
    assert np.corrcoef(level_db, features.listen(spoken).loudness[: len(level_db)])[0, 1] > 0.8


def test_a_voice_40_db_quieter_is_heard_alike(tmp_path: Path, spoken: Sound) -> None:
    quiet = features.listen(voices.written(tmp_path / "quiet.wav", voices.read(spoken)[:, 0] / 100))
    assert np.corrcoef(quiet.loudness, features.listen(spoken).loudness)[0, 1] > 0.9
    assert quiet.aliveness == 1


def test_a_few_words_in_a_long_silence_are_heard(tmp_path: Path, spoken: Sound) -> None:
    words = voices.read(spoken)[: 2 * voices.RATE, 0]
    samples = np.concatenate([voices.silence(50), words, voices.silence(20)])
    heard = features.listen(voices.written(tmp_path / "words.wav", samples))
    assert heard.aliveness == 1
    assert heard.loudness[5_000:5_200].max() > 0.8
    assert heard.gate[:4_900].max() == 0


def test_the_gate_opens_before_the_voice_and_closes_after_it(tmp_path: Path) -> None:
    samples = np.concatenate([voices.silence(1), voices.vowel(0.5), voices.silence(1)])
    gate = features.listen(voices.written(tmp_path / "vowel.wav", samples)).gate
    is_open = np.flatnonzero(gate > 0.2)
    assert 90 <= is_open[0] <= 95
    assert 156 <= is_open[-1] <= 165
    assert max(gate[:80].max(), gate[180:].max()) < 1e-6


def test_an_open_vowel_sounds_more_open_than_a_hum(tmp_path: Path) -> None:
    hum = voices.tone(0.5, 250) * 0.8
    samples = np.concatenate([voices.vowel(0.5), voices.silence(0.5), hum, voices.silence(0.5)])
    openness = features.listen(voices.written(tmp_path / "two.wav", samples)).openness
    assert openness[10:40].mean() > 0.5
    assert openness[110:140].mean() < 0.1


@pytest.mark.parametrize("samples", [voices.silence(3), voices.tone(3), voices.pink_noise(3)])
def test_what_is_not_speech_never_opens_the_gate(tmp_path: Path, samples: voices.Samples) -> None:
    heard = features.listen(voices.written(tmp_path / "dull.wav", samples))
    assert heard.aliveness == 0
    assert heard.gate.max() == 0


def test_the_seed_is_the_samples_own(tmp_path: Path) -> None:
    tone = voices.written(tmp_path / "tone.wav", voices.tone(1))
    same = voices.written(tmp_path / "same.wav", voices.tone(1))
    other = voices.written(tmp_path / "other.wav", voices.tone(1, 441))
    assert waveform.seed(tone) == waveform.seed(same) != waveform.seed(other)


def test_memory_grows_by_the_tracks_alone(tmp_path: Path) -> None:
    noise = voices.written(tmp_path / "noise.wav", voices.pink_noise(10))
    short_peak = _peak_bytes(voices.repeated(noise, tmp_path / "one-minute.wav", 6))
    long_peak = _peak_bytes(voices.repeated(noise, tmp_path / "ten-minutes.wav", 60))
    tracks_bytes = 9 * 60 * waveform.HOPS_PER_SECOND * 4 * 16
    assert long_peak - short_peak < tracks_bytes


def _heard(sound: Sound) -> voices.Samples:
    return np.concatenate(list(waveform.blocks(sound))).astype(np.float64)


def _peak_bytes(sound: Sound) -> int:
    tracemalloc.start()
    heard: Features = features.listen(sound)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(heard) == waveform.hops(sound)
    return peak_bytes
