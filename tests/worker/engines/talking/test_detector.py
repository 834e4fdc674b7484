"""The detector looks everywhere, and counts nobody twice."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from worker.engines.talking.face.detector import Detection, merged, windows


@pytest.mark.parametrize("size", [(100, 100), (1280, 720), (480, 1280), (1280, 1280)])
def test_the_windows_reach_every_edge_and_overlap_by_half(size: tuple[int, int]) -> None:
    found = windows(*size)
    for axis, length in enumerate(size):
        for side in {window.side for window in found}:
            starts = sorted({window[axis] for window in found if window.side == side})
            assert starts[0] <= 0
            assert starts[-1] + side >= length
            assert all(later - start <= side / 2 + 1 for start, later in pairwise(starts))


def test_candidates_of_one_face_become_one_detection() -> None:
    def box(left: float, score: float) -> Detection:
        corners = np.array([[left, 0], [left + 100, 100]])
        return Detection(score, corners, corners)

    found = merged([box(10, 0.6), box(0, 0.9), box(500, 0.7)])
    assert [(one.score, round(float(one.corners[0, 0]), 1)) for one in found] == [(0.9, 4.0), (0.7, 500.0)]
