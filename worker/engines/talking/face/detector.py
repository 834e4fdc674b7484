"""Where faces are, roughly: BlazeFace on the whole picture and on overlapping tiles of it.

The network sees 128 x 128 pixels, in which a face must be large; the tiles find the small ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from worker.engines.talking.face.networks import Network, Points
from worker.engines.talking.numerics.arrays import Image

#: Side of the network's input, in pixels.
INPUT_PX = 128

#: The anchors' grids, as (cells a side, anchors a cell) (arXiv:1907.05047, section 3.2).
ANCHOR_GRIDS = ((16, 2), (8, 6))

#: A box below this score is no candidate.
MIN_CANDIDATE_SCORE = 0.5

#: Sides of the tiles as shares of the picture's longer side; neighbours overlap by half of one or more.
TILE_SHARES = (0.75, 0.5, 0.34)

#: Smaller tiles would only enlarge noise.
MIN_TILE_PX = 160

#: Boxes that share more than this (intersection over union) show the same face.
SAME_FACE_OVERLAP = 0.3


class Window(NamedTuple):
    """A square of the picture, in whole pixels; it may reach beyond the picture."""

    left: int
    top: int
    side: int


@dataclass(frozen=True)
class Detection:
    """A face, in pixels of the picture.

    `score` is 0 to 1. `corners` is (2, 2): upper left and lower right of the box around brow and chin.
    `eyes` is (2, 2): the person's right eye, which is on the picture's left, then the left one.
    """

    score: float
    corners: Points
    eyes: Points

    @property
    def side_px(self) -> float:
        """The longer side of the box."""
        return float(np.ptp(self.corners, axis=0).max())

    @property
    def angle_radians(self) -> float:
        """How far the line through the eyes is turned clockwise from the horizontal."""
        right, left = self.eyes
        return math.atan2(left[1] - right[1], left[0] - right[0])


class Detector:
    """Finds face boxes. Not for two threads at once."""

    def __init__(self, model: bytes) -> None:
        self._network = Network(model, scale=1 / 127.5, mean=127.5)
        self._anchors = _anchors()

    def detect(self, picture: Image) -> list[Detection]:
        """The faces in `picture` ((height, width, 3), blue first), the surest first."""
        height, width = picture.shape[:2]
        candidates = [found for window in windows(width, height) for found in self._look(picture, window)]
        return merged(candidates)

    def _look(self, picture: Image, window: Window) -> Iterator[Detection]:
        """The candidates in one window; regressors are offsets from the anchors, in pixels of the input."""
        logits, regressors = self._network.run(_cut_out(picture, window), ("classificators", "regressors"))
        scores = 1 / (1 + np.exp(-np.clip(logits[0, :, 0], -60, 60)))
        for index in np.flatnonzero(scores > MIN_CANDIDATE_SCORE):
            pairs = regressors[0, index].reshape(8, 2) / INPUT_PX
            half_size = pairs[1] / 2
            centre, eyes = pairs[0] + self._anchors[index], pairs[2:4] + self._anchors[index]
            corners = np.stack([centre - half_size, centre + half_size])
            yield Detection(float(scores[index]), _in_picture(corners, window), _in_picture(eyes, window))


def windows(width: int, height: int) -> list[Window]:
    """The squares to look at in a picture of this size: all of it, then the tiles."""
    longer = max(width, height)
    sides = [longer, *(side for share in TILE_SHARES if (side := int(longer * share)) >= MIN_TILE_PX)]
    return [
        Window(left, top, side)
        for side in sides
        for top in _starts(height, side)
        for left in _starts(width, side)
    ]


def merged(candidates: list[Detection]) -> list[Detection]:
    """One detection for each face, the surest first: the mean of its candidates weighted by their scores."""
    groups: list[list[Detection]] = []
    for candidate in sorted(candidates, key=lambda found: -found.score):
        group = next((group for group in groups if _overlap(group[0], candidate) > SAME_FACE_OVERLAP), None)
        if group is None:
            groups.append([candidate])
        else:
            group.append(candidate)
    return [_mean(group) for group in groups]


def _mean(group: list[Detection]) -> Detection:
    weights = [found.score for found in group]
    return Detection(
        score=group[0].score,
        corners=np.average([found.corners for found in group], axis=0, weights=weights),
        eyes=np.average([found.eyes for found in group], axis=0, weights=weights),
    )


def _overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of the boxes, 0 to 1."""
    upper_left = np.maximum(one.corners[0], other.corners[0])
    lower_right = np.minimum(one.corners[1], other.corners[1])
    shared = float(np.prod(np.maximum(lower_right - upper_left, 0)))
    areas = sum(float(np.prod(np.ptp(found.corners, axis=0))) for found in (one, other))
    return shared / max(areas - shared, 1e-9)


def _starts(length: int, side: int) -> list[int]:
    """Where windows of `side` begin along `length`: at most half a window apart, evenly, edge to edge."""
    if side >= length:
        return [(length - side) // 2]
    count = math.ceil((length - side) / (side / 2)) + 1
    return [int(start) for start in np.linspace(0, length - side, count)]


def _cut_out(picture: Image, window: Window) -> Image:
    """The window at the network's size; black where it reaches beyond the picture."""
    height, width = picture.shape[:2]
    left, top = max(0, window.left), max(0, window.top)
    inside = picture[
        top : min(height, window.top + window.side), left : min(width, window.left + window.side)
    ]
    square = np.zeros((window.side, window.side, 3), np.uint8)
    down, right = top - window.top, left - window.left
    square[down : down + inside.shape[0], right : right + inside.shape[1]] = inside
    shrinks = window.side > INPUT_PX
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(square, (INPUT_PX, INPUT_PX), interpolation=how), np.uint8)


def _in_picture(shares: Points, window: Window) -> Points:
    """From shares of the window to pixels of the picture, whose first pixel's centre is 0."""
    return shares * window.side + (window.left - 0.5, window.top - 0.5)


def _anchors() -> Points:
    """(896, 2): the anchors' centres in the order of the outputs, as shares of the window."""
    return np.array(
        [
            ((column + 0.5) / cells, (row + 0.5) / cells)
            for cells, anchors_a_cell in ANCHOR_GRIDS
            for row in range(cells)
            for column in range(cells)
            for _ in range(anchors_a_cell)
        ]
    )
