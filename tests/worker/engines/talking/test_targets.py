"""`worker.engines.talking.motion.targets` and `speech`: what each phone makes of the mouth."""

from __future__ import annotations

import numpy as np
import pytest

from tests.worker.engines.talking.voices import features_like, loud_features
from worker.engines.talking.motion.mouth_track import LEAD_SECONDS, kept_parted, mouth_track
from worker.engines.talking.voice.phones import SILENCE, UNKNOWN, Phone
from worker.video_format import FRAME_RATE


@pytest.mark.parametrize(
    ("name", "openness", "aperture", "corner"),
    [("AA", 1, 0.65, -0.02), ("EH", 0.5, 0.46, 0.05), ("IY", 0, 0.26, 0.11), ("UW", 0, 0.23, -0.26)],
)
def test_vowels_have_their_shapes(name: str, openness: float, aperture: float, corner: float) -> None:
    features = features_like(np.ones(200, np.float32), openness)
    track = mouth_track(features, [Phone(name, 0.5, 1.5)], 50)
    assert track.aperture[24] == pytest.approx(aperture, abs=0.03)
    assert track.corner[24] == pytest.approx(corner, abs=0.02)


def test_a_diphthong_moves_from_its_first_shape_to_its_second() -> None:
    track = mouth_track(loud_features(), [Phone("AW", 0.5, 1.3)], 50)
    assert track.aperture[17] > track.aperture[29] + 0.1
    assert track.corner[17] > -0.06 > -0.18 > track.corner[29]


def test_f_and_v_bite_and_l_and_n_raise_the_tongue() -> None:
    phones = [Phone("AA", 0.2, 0.5), Phone("F", 0.5, 0.7), Phone("AA", 0.7, 1), Phone("L", 1, 1.2)]
    track = mouth_track(loud_features(), phones, 40)
    assert track.bite[14] > 0.9 > 0.1 > track.bite[20]
    assert track.tongue[26] > 0.9 > 0.1 > track.tongue[20]
    assert track.aperture[14] < track.aperture[10] / 2


def test_even_the_shortest_closure_is_seen() -> None:
    starts = np.arange(0.3, 7.5, 0.31)
    phones = [Phone("M", float(start), float(start) + 0.01) for start in starts]
    track = mouth_track(loud_features(8), phones, 200)
    nearest = np.rint((starts + 0.005 - LEAD_SECONDS) * FRAME_RATE - 0.5).astype(int)
    assert not track.aperture[nearest].any()


def test_a_closure_heard_in_a_pause_is_not_believed() -> None:
    loudness = np.ones(400, np.float32)
    loudness[150:250] = 0
    track = mouth_track(features_like(loudness), [Phone("B", 1.0, 1.1), Phone("B", 1.95, 2.05)], 100)
    assert track.closure[24] == 1
    assert not track.closure[40:60].any()


def test_a_short_gap_between_phones_is_no_pause() -> None:
    def aperture(gap_seconds: float) -> float:
        end = 1 + gap_seconds
        phones = [Phone("AA", 0, 1), Phone(SILENCE, 1, end), Phone("AA", end, 3)]
        return float(
            mouth_track(loud_features(3), phones, 75).aperture[round((1 + gap_seconds / 2) * 25) - 1]
        )

    assert aperture(0.12) > aperture(0.4) + 0.05


def test_what_is_unknown_is_shaped_by_the_voice_alone() -> None:
    phones = [Phone(SILENCE, 0, 0.5), Phone(UNKNOWN, 0.5, 2.5), Phone(SILENCE, 2.5, 3)]
    unknown, deaf = mouth_track(loud_features(3), phones, 75), mouth_track(loud_features(3), None, 75)
    assert unknown.aperture[30:45] == pytest.approx(deaf.aperture[30:45], abs=0.1)
    assert unknown.corner[30:45] == pytest.approx(deaf.corner[30:45], abs=0.01)


def test_a_parted_mouth_stays_parted_in_pauses_but_shuts_for_m() -> None:
    loudness = np.ones(400, np.float32)
    loudness[150:250] = 0
    phones = [Phone("AA", 0, 1), Phone("M", 1, 1.1), Phone("AA", 1.1, 1.5), Phone("AA", 2.5, 4)]
    track = mouth_track(features_like(loudness), phones, 100)
    parted = kept_parted(track)
    assert not track.aperture[45:55].any()
    assert parted.aperture[45:55] == pytest.approx(0.1)
    assert parted.aperture[25] == 0
    assert np.array_equal(parted.aperture[:20], track.aperture[:20])
