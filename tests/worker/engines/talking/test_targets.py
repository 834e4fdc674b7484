"""`worker.engines.talking.motion.targets` and `speech`: what each phone makes of the mouth."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.engines.talking.voices import features_like, loud_features
from worker.engines.talking.motion.mouth_track import kept_parted, mouth_track
from worker.engines.talking.motion.touches import LEAD_SECONDS
from worker.engines.talking.voice.phones import Phone
from worker.video_format import FRAME_RATE


@pytest.mark.parametrize(
    ("name", "openness", "aperture", "corner"),
    [("ɑ", 1, 0.65, -0.02), ("ɛ", 0.5, 0.46, 0.05), ("i", 0, 0.22, 0.11), ("u", 0, 0.17, -0.26)],
)
def test_vowels_have_their_shapes(name: str, openness: float, aperture: float, corner: float) -> None:
    features = features_like(np.ones(200, np.float32), openness)
    track = mouth_track(features, [Phone(name, 0.5, 1.5)], 50)
    assert track.aperture[24] == pytest.approx(aperture, abs=0.03)
    assert track.corner[24] == pytest.approx(corner, abs=0.02)


def test_a_diphthong_moves_from_its_first_shape_to_its_second() -> None:
    track = mouth_track(loud_features(), [Phone("aʊ", 0.5, 1.3)], 50)
    assert track.aperture[17] > track.aperture[29] + 0.1
    assert track.corner[17] > -0.06 > -0.18 > track.corner[29]


def test_f_and_v_bite_and_l_and_n_raise_the_tongue() -> None:
    phones = [Phone("ɑ", 0.2, 0.5), Phone("f", 0.5, 0.7), Phone("ɑ", 0.7, 1), Phone("l", 1, 1.2)]
    track = mouth_track(loud_features(), phones, 40)
    assert track.bite[14] > 0.9 > 0.1 > track.bite[20]
    assert track.tongue[26] > 0.9 > 0.1 > track.tongue[20]
    assert track.aperture[14] < track.aperture[10] / 2


def test_even_the_shortest_closure_is_seen() -> None:
    starts = np.arange(0.3, 7.5, 0.31)
    phones = [Phone("m", float(start), float(start) + 0.01) for start in starts]
    track = mouth_track(loud_features(8), phones, 200)
    nearest = np.rint((starts + 0.005 - LEAD_SECONDS) * FRAME_RATE - 0.5).astype(int)
    assert not track.aperture[nearest].any()


def test_a_closure_heard_in_a_pause_is_not_believed() -> None:
    loudness = np.ones(400, np.float32)
    loudness[150:250] = 0
    track = mouth_track(features_like(loudness), [Phone("b", 1.0, 1.1), Phone("b", 1.95, 2.05)], 100)
    assert track.closure[24] == 1
    assert not track.closure[40:60].any()


def test_a_short_gap_between_phones_is_no_pause() -> None:
    def aperture(gap_seconds: float) -> float:
        end = 1 + gap_seconds
        phones = [Phone("ɑ", 0, 1), Phone("ɑ", end, 3)]
        return float(
            mouth_track(loud_features(3), phones, 75).aperture[round((1 + gap_seconds / 2) * 25) - 1]
        )

    assert aperture(0.12) > aperture(0.4) + 0.05


def test_a_parted_mouth_stays_parted_in_pauses_but_shuts_for_m() -> None:
    loudness = np.ones(400, np.float32)
    loudness[150:250] = 0
    phones = [Phone("ɑ", 0, 1), Phone("m", 1, 1.1), Phone("ɑ", 1.1, 1.5), Phone("ɑ", 2.5, 4)]
    track = mouth_track(features_like(loudness), phones, 100)
    parted = kept_parted(track)
    assert not track.aperture[45:55].any()
    assert parted.aperture[45:55] == pytest.approx(0.1)
    assert parted.aperture[25] == 0
    assert np.array_equal(parted.aperture[:20], track.aperture[:20])


def test_lips_are_shut_for_two_whole_frames_whenever_they_meet() -> None:
    for start in np.arange(0.5, 0.6, 0.01):
        track = mouth_track(loud_features(), [Phone("ɑ", 0, start), Phone("m", start, start + 0.05)], 50)
        shut = np.flatnonzero(track.aperture[:20] == 0)
        assert len(shut) >= 2
        assert np.diff(shut).max() == 1


def test_quick_speech_opens_the_mouth_less() -> None:
    def widest(seconds: float) -> float:
        starts = np.arange(0, 4, seconds)
        phones = [Phone("ɑ" if n % 2 else "l", s, s + seconds) for n, s in enumerate(starts.tolist())]
        return float(mouth_track(loud_features(4), phones, 100).aperture[25:75].max())

    assert widest(0.04) < 0.8 * widest(0.09)


def test_where_nobody_speaks_the_mouth_is_shut() -> None:
    track = mouth_track(loud_features(4), [Phone("ɑ", 3, 3.5)], 100)
    assert not track.aperture[:60].any()
    assert track.energy[:60].max() < 1e-3
    assert not mouth_track(loud_features(4), [], 100).aperture.any()
