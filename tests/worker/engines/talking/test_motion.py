"""`worker.engines.talking.motion.head_track`: blinks, sway and nods, from the voice alone."""

from __future__ import annotations

import numpy as np
import pytest

from worker.engines.talking.motion.head_track import BLINK, HeadTrack, head_track, rest_track
from worker.engines.talking.numerics.arrays import Floats, floats
from worker.video_format import FRAME_RATE

#: Ten minutes.
LONG_FRAMES = 600 * FRAME_RATE


@pytest.fixture(scope="module")
def long_track() -> HeadTrack:
    return head_track(_phrases(LONG_FRAMES), seed=1)


def test_the_same_voice_moves_the_head_alike() -> None:
    energy = _phrases(500)
    once, again, other = head_track(energy, 7), head_track(energy, 7), head_track(energy, 8)
    assert all(np.array_equal(a, b) for a, b in zip(once.arrays(), again.arrays(), strict=True))
    assert not np.array_equal(once.yaw, other.yaw)
    assert not np.array_equal(once.blink, other.blink)


@pytest.mark.parametrize("frames", [1, 2, 5, 12, 25, 1_500])
def test_there_are_as_many_values_as_frames(frames: int) -> None:
    track = head_track(_phrases(frames), seed=3)
    assert len(track) == frames
    assert all(array.shape == (frames,) and array.dtype == np.float32 for array in track.arrays())
    assert len(rest_track(_phrases(frames), is_open=True)) == frames


def test_the_head_moves_a_little_and_never_far(long_track: HeadTrack) -> None:
    for array, usual in (
        (long_track.yaw, 0.026),
        (long_track.pitch, 0.018),
        (long_track.roll, 0.0056),
        (long_track.x, 0.0052),
        (long_track.y, 0.0035),
        (long_track.growth, 0.004),
    ):
        assert array.std() == pytest.approx(usual, rel=0.25)
        assert np.abs(array).max() < 4 * usual


@pytest.mark.parametrize("frames", [3, 12, 25, 50])
def test_a_short_video_has_no_wilder_head_than_a_long_one(frames: int) -> None:
    for seed in range(20):
        assert np.abs(head_track(_phrases(frames), seed).yaw).max() < 0.1


def test_the_head_moves_without_a_jerk(long_track: HeadTrack) -> None:
    for array, most in ((long_track.yaw, 0.005), (long_track.x, 0.001), (long_track.growth, 0.0006)):
        assert np.abs(np.diff(array)).max() < most


def test_the_first_and_the_last_frame_show_the_head_as_it_is(long_track: HeadTrack) -> None:
    for track in (long_track, head_track(_phrases(40), seed=5)):
        assert not any(array[[0, -1]].any() for array in track.arrays())


def test_a_stress_is_a_nod_and_lifts_the_brows() -> None:
    energy = np.full(250, 0.2, np.float32)
    energy[120:128] = 1
    calm, stressed = head_track(np.full(250, 0.2, np.float32), 2), head_track(energy, 2)
    assert np.argmax(stressed.pitch - calm.pitch) in range(118, 130)
    assert stressed.brow.argmax() in range(118, 130)
    assert 0.005 < stressed.brow.max() <= 0.018
    assert calm.brow.max() < 1e-6


def test_a_silent_head_sways_less() -> None:
    silent, loud = head_track(np.zeros(5_000, np.float32), 4), head_track(np.ones(5_000, np.float32), 4)
    assert silent.yaw.std() == pytest.approx(0.55 * loud.yaw.std(), rel=0.05)


def test_people_blink_every_few_seconds(long_track: HeadTrack) -> None:
    closed = np.flatnonzero(long_track.blink == 1)
    pauses_seconds = np.diff(closed) / FRAME_RATE
    assert pauses_seconds.min() >= 0.4
    assert pauses_seconds.max() < 5.1
    assert 2.5 < np.mean(pauses_seconds) < 4


def test_every_blink_closes_and_opens_again(long_track: HeadTrack) -> None:
    for closed in np.flatnonzero(long_track.blink == 1):
        assert np.array_equal(long_track.blink[closed - 2 : closed + 4], BLINK)
    assert np.count_nonzero(long_track.blink) == len(BLINK) * np.count_nonzero(long_track.blink == 1)


def test_no_blink_is_cut_off_by_the_end() -> None:
    for seed in range(200):
        assert head_track(np.zeros(100, np.float32), seed).blink[-1] == 0


def test_a_closed_mouth_needs_no_rest() -> None:
    assert not rest_track(np.zeros(100, np.float32), is_open=False).any()


def test_an_open_mouth_returns_in_long_pauses_and_at_both_ends() -> None:
    gate = np.ones(500, np.float32)
    gate[:10] = gate[100:115] = gate[200:240] = gate[490:] = 0
    rest = rest_track(gate, is_open=True)
    assert rest[0] == rest[499] == rest[220] == 1
    assert not rest[90:130].any()
    assert not rest[300:480].any()
    assert np.abs(np.diff(rest)).max() < 0.2


def test_an_open_mouth_is_left_alone_in_silence() -> None:
    assert (rest_track(np.zeros(100, np.float32), is_open=True) == 1).all()


def _phrases(frames: int) -> Floats:
    """A voice that comes and goes: three seconds of syllables, one of pause."""
    seconds = np.arange(frames) / FRAME_RATE
    return floats((seconds % 4 < 3) * (0.5 + 0.3 * np.sin(2 * np.pi * 4 * seconds)))
