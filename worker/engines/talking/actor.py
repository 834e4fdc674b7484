"""Draws the frames of a performance, one after the other, into planes the encoder takes."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from worker.engines.talking.drawing.colour import convert
from worker.engines.talking.drawing.eyes import Eyes
from worker.engines.talking.drawing.grain import grain_of
from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.drawing.head import Head, Pose
from worker.engines.talking.drawing.mouth import Mouth
from worker.engines.talking.numerics.arrays import Image
from worker.engines.talking.performance import Performance

#: Below this the lids are open.
OPEN = 0.02


class Actor:
    """One face in one picture. Keeps its canvas from frame to frame, and redraws what moves."""

    def __init__(self, performance: Performance) -> None:
        self._performance = performance
        picture = np.asarray(cv2.imread(str(performance.picture_path), cv2.IMREAD_COLOR), np.uint8)
        self.height, self.width = picture.shape[:2]
        self.grain = grain_of(picture)
        self._mouth = Mouth(picture, performance.points, performance.yaw_degrees)
        self._eyes = Eyes(picture, performance.points, performance.yaw_degrees)
        self._head = Head(self.width, self.height, performance.points)
        self._was_closing = False
        self._canvas = picture.copy()
        self._planes = np.empty((self.height * 3 // 2, self.width), np.uint8)
        convert(picture, self._planes, Box(0, 0, self.width, self.height))
        self._frame = self._planes.copy()

    def frames(self, start: int, end: int) -> Iterator[Image]:
        """The frames from `start` up to `end`, each contiguous I420; the next one overwrites it."""
        for index in range(start, end):
            self._draw_face(index)
            self._head.draw(self._planes, self._frame, self._pose(index))
            yield self._frame

    def _draw_face(self, index: int) -> None:
        self._eyes.restore(self._canvas)
        self._draw_mouth(index)
        convert(self._canvas, self._planes, self._mouth.box)
        self._draw_eyes(float(self._performance.head.blink[index]))

    def _draw_mouth(self, index: int) -> None:
        track = self._performance.mouth
        self._mouth.draw(
            self._canvas,
            float(track.aperture[index]),
            float(track.corner[index]),
            float(track.bite[index]),
            float(track.tongue[index]),
            float(self._performance.rest[index]),
        )

    def _draw_eyes(self, closing: float) -> None:
        """Lids that stay open cost nothing."""
        is_closing = closing > OPEN
        if is_closing:
            self._eyes.draw(self._canvas, closing)
        if is_closing or self._was_closing:
            for box in self._eyes.boxes:
                convert(self._canvas, self._planes, box)
        self._was_closing = is_closing

    def _pose(self, index: int) -> Pose:
        head = self._performance.head
        return Pose(
            yaw=float(head.yaw[index]),
            pitch=float(head.pitch[index]),
            roll=float(head.roll[index]),
            x=float(head.x[index]),
            y=float(head.y[index]),
            growth=float(head.growth[index]),
            brow=float(head.brow[index]),
        )
