"""Blinks. Both eyes can, or neither does: a wink is worse than a stare."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from worker.engines.talking.drawing.eyelid import LEFT, RIGHT, Eyelid
from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.numerics.arrays import AnyFloats, Image, floats

#: Beyond these, lids can't be drawn from what the picture shows: distances in Lab, deviation of luma.
MAX_SKIN_DISTANCE, MAX_LID_DISTANCE, MAX_LID_DEVIATION = 45.0, 80.0, 31.0
#: An eye must be open this far (half its width), so large (pixels of half its width), and face us.
MIN_OPENING, MIN_HALF_WIDTH_PX, MAX_YAW_DEGREES = 0.22, 6.0, 27.0
#: Blinks are drawn at this many levels between open and shut, each once.
LEVELS = 20


class Eyes:
    """Both eyes of one face in one picture."""

    def __init__(self, picture: Image, points: AnyFloats, yaw_degrees: float) -> None:
        """
        Args:
            picture: (H, W, 3), blue first.
            points: (468, 3) mesh points in pixels.
            yaw_degrees: how far the head is turned.
        """
        self._lids = [Eyelid(picture, floats(points), outline) for outline in (LEFT, RIGHT)]
        self._drawn: dict[int, list[Image]] = {}
        self.can_blink = abs(yaw_degrees) < MAX_YAW_DEGREES and _can_blink(self._lids)

    @property
    def boxes(self) -> list[Box]:
        """What `draw` and `restore` write to; their coordinates are even."""
        return [lid.box for lid in self._lids]

    def draw(self, canvas: Image, closing: float) -> None:
        """Draws the lids into `canvas` (H, W, 3), in place, from 0, open, to 1, shut.

        Draws nothing if these eyes can't blink, or are open: see `restore`.
        """
        level = round(LEVELS * min(1.0, closing))
        if not self.can_blink or not level:
            return
        if level not in self._drawn:
            self._drawn[level] = [lid.closed(level / LEVELS) for lid in self._lids]
        for lid, drawn in zip(self._lids, self._drawn[level], strict=True):
            canvas[lid.box.slices] = drawn

    def restore(self, canvas: Image) -> None:
        """Opens the eyes again: their boxes get the picture's pixels."""
        for lid in self._lids:
            canvas[lid.box.slices] = lid.open


def _can_blink(lids: list[Eyelid]) -> bool:
    if not all(lid.is_whole for lid in lids):
        return False
    if any(lid.opening <= MIN_OPENING or lid.half_width_px <= MIN_HALF_WIDTH_PX for lid in lids):
        return False
    return (
        max(lid.skin_distance for lid in lids) <= MAX_SKIN_DISTANCE
        and _mean(lids, lambda lid: lid.lid_distance) < MAX_LID_DISTANCE
        and _mean(lids, lambda lid: lid.lid_deviation) < MAX_LID_DEVIATION
    )


def _mean(lids: list[Eyelid], measure: Callable[[Eyelid], float]) -> float:
    return float(np.mean([measure(lid) for lid in lids]))
