"""`worker.engines.talking.motion.mouth_track`: from a voice to a mouth."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from tests.worker.engines.talking import voices
from tests.worker.engines.talking.readback import auc
from tests.worker.engines.talking.voices import features_like
from worker.engines.talking.motion.mouth_track import MouthTrack, mouth_track
from worker.engines.talking.motion.touches import LEAD_SECONDS
from worker.engines.talking.numerics.arrays import Floats
from worker.engines.talking.voice import features
from worker.engines.talking.voice.features import Features
from worker.engines.talking.voice.phones import Phone, recognise
from worker.engines.talking.voice.visemes import BILABIALS, CONSONANTS
from worker.scene import Sound
from worker.video_format import FRAME_RATE

OPEN_VOWELS = frozenset({"ɑ", "æ", "ʌ", "ɔ", "aʊ", "aɪ"})


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    return voices.spoken(tmp_path_factory.mktemp("voice"))


@pytest.fixture(scope="module")
def heard(spoken: Sound) -> Features:
    return features.listen(spoken)


@pytest.fixture(scope="module")
def recognised(spoken: Sound) -> list[Phone]:
    return recognise(spoken, _ignore)


@pytest.mark.parametrize("samples", [voices.silence(4), voices.tone(4), voices.pink_noise(4)])
@pytest.mark.parametrize("with_phones", [True, False])
def test_what_is_not_speech_never_moves_the_mouth(
    tmp_path: Path, samples: voices.Samples, with_phones: bool
) -> None:
    sound = voices.written(tmp_path / "dull.wav", samples)
    phones = [Phone("ɑ", 0.5, 1), Phone("m", 1, 1.1), Phone("u", 1.1, 2), Phone("f", 2, 3)]
    track = mouth_track(features.listen(sound), phones if with_phones else None, 100)
    for array in (track.aperture, track.corner, track.bite, track.tongue, track.energy, track.closure):
        assert not array.any()


@pytest.mark.parametrize("phones", [None, [Phone("ɑ", 0, 0.03)], [Phone("m", 0, 70)]])
@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (2_400, 1), (2_400, 7), (2_880_000, 1_500)])
def test_there_are_as_many_values_as_frames(
    tmp_path: Path, phones: list[Phone] | None, samples: int, frames: int
) -> None:
    sound = voices.written(tmp_path / "sound.wav", np.resize(voices.vowel(1), samples))
    track = mouth_track(features.listen(sound), phones, frames)
    assert len(track) == frames
    assert all(array.shape == (frames,) and array.dtype == np.float32 for array in track.arrays())
    assert all(np.isfinite(array).all() for array in track.arrays())


def test_lips_meet_for_p_b_and_m(heard: Features) -> None:
    said = voices.spoken_phones()
    track = mouth_track(heard, said, 331)
    assert all(_least_aperture(track, phone) == 0 for phone in said if phone.name in BILABIALS)
    assert _auc(track, said, BILABIALS, CONSONANTS.keys() - BILABIALS) > 0.85
    assert _auc(track, said, BILABIALS, OPEN_VOWELS) > 0.85


def test_lips_are_tighter_at_p_b_and_m_than_at_other_consonants(
    heard: Features, recognised: list[Phone]
) -> None:
    said = voices.spoken_phones()
    track, deaf = mouth_track(heard, recognised, 331), mouth_track(heard, None, 331)
    assert _auc(track, said, BILABIALS, CONSONANTS.keys() - BILABIALS) > 0.65
    assert _auc(track, said, BILABIALS, OPEN_VOWELS) > 0.65
    assert _auc(deaf, said, BILABIALS, CONSONANTS.keys() - BILABIALS) < 0.6


def test_what_is_recognised_moves_the_mouth_as_what_is_said(heard: Features, recognised: list[Phone]) -> None:
    said, found = mouth_track(heard, voices.spoken_phones(), 331), mouth_track(heard, recognised, 331)
    assert np.corrcoef(said.aperture, found.aperture)[0, 1] > 0.7
    assert np.corrcoef(said.corner, found.corner)[0, 1] > 0.6


@pytest.mark.parametrize("said", [True, False])
def test_the_mouth_opens_with_loudness(heard: Features, said: bool) -> None:
    track = mouth_track(heard, voices.spoken_phones() if said else None, 331)
    assert np.corrcoef(track.aperture, track.energy)[0, 1] > 0.5
    assert track.aperture[track.gate == 0].max(initial=0) == 0


@pytest.mark.parametrize("said", [True, False])
def test_the_mouth_keeps_within_what_can_be_drawn(heard: Features, said: bool) -> None:
    track = mouth_track(heard, voices.spoken_phones() if said else None, 331)
    assert track.aperture.min() == 0
    assert 0.3 < track.aperture.max() <= 0.65
    assert -0.27 <= track.corner.min() < -0.05
    assert 0.02 < track.corner.max() <= 0.11
    for share in (track.bite, track.tongue, track.energy, track.closure, track.gate):
        assert 0 <= share.min() <= share.max() <= 1.0001


@pytest.mark.parametrize("with_phones", [True, False])
def test_the_mouth_leads_the_sound(tmp_path: Path, with_phones: bool) -> None:
    """Vowels at odd moments; the lag is where the aperture fits their envelope best, to the millisecond."""
    starts = [0.5, 1.13, 1.77, 2.51, 3.02, 3.87, 4.41, 5.29, 5.93, 6.66]
    samples, envelope = voices.silence(8), np.zeros(8_000)
    for start in starts:
        at = round(start * voices.RATE)
        samples[at : at + voices.RATE // 5] = voices.vowel(0.2)
        envelope[round(start * 1_000) :][:200] = 1
    phones = [Phone("ɑ", start, start + 0.2) for start in starts] if with_phones else None
    track = mouth_track(features.listen(voices.written(tmp_path / "a.wav", samples)), phones, 200)
    assert 0 < _lead_seconds(track.aperture, envelope) < 0.08
    assert _lead_seconds(track.aperture, envelope) == pytest.approx(LEAD_SECONDS, abs=0.02)


def test_the_lead_is_the_same_after_an_hour() -> None:
    hops = 360_000
    loudness = np.zeros(hops, np.float32)
    starts = range(100, hops, 1_003)
    for start in starts:
        loudness[start : start + 20] = 1
    phones = [Phone("ɑ", start / 100, start / 100 + 0.2) for start in starts]
    aperture = mouth_track(features_like(loudness), phones, 90_000).aperture
    middles = np.array([start / 100 + 0.1 - LEAD_SECONDS for start in starts])
    late = np.array([_centre_seconds(aperture, middle) for middle in middles]) - middles
    assert np.abs(late).max() < 0.02
    assert abs(late[:40].mean()) < 0.005
    assert abs(late[-40:].mean()) < 0.005


def test_the_same_voice_moves_the_mouth_alike(spoken: Sound, heard: Features) -> None:
    said = voices.spoken_phones()
    once, again = mouth_track(heard, said, 331), mouth_track(features.listen(spoken), said, 331)
    assert all(np.array_equal(a, b) for a, b in zip(once.arrays(), again.arrays(), strict=True))


def test_a_track_can_be_cut_and_sent_to_another_process(heard: Features) -> None:
    track = mouth_track(heard, None, 331)
    parts = [track[:100], track[100:250], track[250:]]
    assert [len(part) for part in parts] == [100, 150, 81]
    sent: list[MouthTrack] = pickle.loads(pickle.dumps(parts))
    for number, array in enumerate(track.arrays()):
        assert np.array_equal(np.concatenate([part.arrays()[number] for part in sent]), array)
    assert len(pickle.dumps(track[:10])) < 1_000


def _ignore(share: float) -> None:
    """Reports to nobody."""


def _lead_seconds(aperture: Floats, envelope: voices.Samples) -> float:
    """By how much the aperture, as shown in the middle of each frame, is ahead of an envelope at 1000 Hz."""
    shown = np.interp(np.arange(len(envelope)), (np.arange(len(aperture)) + 0.5) * 40, aperture)
    fits = [np.corrcoef(np.roll(shown, lead), envelope)[0, 1] for lead in range(-200, 201)]
    return (int(np.argmax(fits)) - 200) / 1_000


def _centre_seconds(aperture: Floats, near_seconds: float) -> float:
    """The middle of the opening near a moment."""
    frames = np.arange(max(0, int(near_seconds * FRAME_RATE) - 10), int(near_seconds * FRAME_RATE) + 12)
    return float(np.average((frames + 0.5) / FRAME_RATE, weights=aperture[frames]))


def _least_aperture(track: MouthTrack, phone: Phone) -> float:
    """How close the lips come while a phone sounds."""
    start, end = ((time - LEAD_SECONDS) * FRAME_RATE for time in (phone.start_seconds, phone.end_seconds))
    return float(track.aperture[max(0, int(start)) : int(end) + 1].min())


def _auc(
    track: MouthTrack, said: list[Phone], tight: frozenset[str], loose: frozenset[str] | set[str]
) -> float:
    """The chance that the lips come closer at a phone of `tight` than at one of `loose`."""
    ours = [_least_aperture(track, phone) for phone in said if phone.name in tight]
    others = [_least_aperture(track, phone) for phone in said if phone.name in loose]
    return auc(ours, others)
