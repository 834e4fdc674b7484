"""A speaking mouth: the picture's lips and jaw moved, and what shows between the lips drawn."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from worker.talking.arrays import AnyFloats, Flags, Floats, Image, floats, to_image
from worker.talking.geometry import MouthGeometry, mouth_geometry
from worker.talking.grid import Box, NodeGrid, even_box, remapped
from worker.talking.interior import Interior, Opening
from worker.talking.lips import MouthShape, lip_motion, suited
from worker.talking.palette import palette
from worker.talking.warp import Layer, Warp

#: Where lips and what is between them can be.
LIPS_U, LIPS_V = (-1.25, 1.25), (-0.6, 1.3)
#: Nodes of the warp per half mouth width, and the least pixels between them.
NODES_PER_UNIT, MIN_PITCH_PX = 13, 3
#: Smaller mouths than this (pixels of half their width) are sampled with bicubic interpolation.
CUBIC_BELOW_PX = 70
#: A lip's edge fades over so many pixels; a slit between lips opens over so many.
EDGE_PX, SLIT_PX = 1.4, 1.6
#: Where the lips cover less than this, the inside is drawn.
COVERED = 0.996
#: Pixels around the opening that are drawn with it.
OPENING_MARGIN_PX = 3
#: Depths are cut here (half mouth widths).
MAX_DEPTH = 3.0
RESTED = 0.995

#: What is between the lips, (H, W, 3), for the pixels of an opening.
PaintInside = Callable[[Opening, MouthShape], Floats]


class Mouth:
    """The mouth of one face in one picture. `draw` changes pixels of the even-sided `box` only."""

    def __init__(self, picture: Image, points: AnyFloats, yaw_degrees: float) -> None:
        """
        Args:
            picture: (H, W, 3), blue first, even sides; kept, not copied.
            points: (468, 3) mesh points in pixels.
            yaw_degrees: how far the head is turned.
        """
        self.geometry = mouth_geometry(picture, floats(points), yaw_degrees)
        self._warp = Warp(self.geometry)
        self.box = even_box(self.geometry.frame.bounds(*self._warp.reach), picture.shape[1], picture.shape[0])
        self._picture = picture
        unit_px = self.geometry.frame.unit_px
        self._interpolation = cv2.INTER_CUBIC if unit_px < CUBIC_BELOW_PX else cv2.INTER_LINEAR
        self._grid = NodeGrid(self.box, max(MIN_PITCH_PX, round(unit_px / NODES_PER_UNIT)))
        self._lips = _lips_box(picture, self.geometry, self.box)
        self._u, self._v = self._node_places()
        colours = palette(picture, self.geometry)
        self.paint_inside: PaintInside = Interior(picture, self.geometry, colours, self._lips).paint
        self._buffers = [self._grid.new_buffer() for _ in range(8)]

    def draw(
        self,
        canvas: Image,
        aperture: float,
        corner: float = 0.0,
        bite: float = 0.0,
        tongue: float = 0.0,
        rest: float = 0.0,
    ) -> None:
        """Draws the mouth into `canvas` (H, W, 3), in place; see `lips.MouthShape` for the shape.

        With `rest` 1, or a shut closed mouth, the box gets exactly the picture's pixels.
        """
        shape = MouthShape(aperture, corner, bite, tongue, rest)
        if rest > RESTED or (shape.is_shut and not self.geometry.is_open):
            canvas[self.box.slices] = self._picture[self.box.slices]
            return
        shape = suited(shape, self.geometry)
        motion = lip_motion(self.geometry, shape)
        upper = self._warp.upper(self._u, self._v, motion)
        lower = self._warp.lower(self._u, self._v, motion)
        self._draw_around(canvas[self.box.slices], upper, lower)
        self._draw_lips(canvas[self._lips.slices], upper, lower, shape)

    def _node_places(self) -> tuple[Floats, Floats]:
        local = self.geometry.frame.to_local(np.stack([self._grid.x, self._grid.y], axis=-1))
        return np.ascontiguousarray(local[..., 0]), np.ascontiguousarray(local[..., 1])

    def _draw_around(self, canvas: Image, upper: Layer, lower: Layer) -> None:
        """All of the box by one map: outside of the lips the layers agree."""
        is_lower = upper.below_edge + lower.below_edge > 0
        u, v = np.where(is_lower, lower.u, upper.u), np.where(is_lower, lower.v, upper.v)
        x, y = self._pixel_maps(u, v, 0)
        canvas[:] = remapped(self._picture, x, y, self._interpolation)

    def _draw_lips(self, canvas: Image, upper: Layer, lower: Layer, shape: MouthShape) -> None:
        """The box of the lips by both layers, each as far as its lip reaches; the inside where none does."""
        inner = self._lips.within(self.box).slices
        below_upper = self._grid.enlarged(upper.below_edge, self._buffers[2])[inner]
        below_lower = self._grid.enlarged(lower.below_edge, self._buffers[3])[inner]
        unit_px = self.geometry.frame.unit_px
        upper_alpha = np.clip(0.5 - below_upper * (unit_px / EDGE_PX), 0, 1)
        lower_alpha = np.clip(0.5 + below_lower * (unit_px / EDGE_PX), 0, 1)
        both = upper_alpha + lower_alpha
        share = lower_alpha / (both + np.float32(1e-4))
        lips = cv2.blendLinear(self._seen(upper, 4), self._seen(lower, 6), 1 - share, share)
        slit = 1 - np.clip((below_upper - below_lower) * (unit_px / SLIT_PX), 0, 1)
        cover = np.clip(np.maximum(both, slit), 0, 1)
        canvas[:] = lips
        self._draw_inside(canvas, cover, below_upper, -below_lower, shape)

    def _draw_inside(
        self, canvas: Image, cover: Floats, below_upper: Floats, above_lower: Floats, shape: MouthShape
    ) -> None:
        window = _window(cover < COVERED)
        if window is None:
            return
        depths = (np.clip(depth[window], 0, MAX_DEPTH) for depth in (below_upper, above_lower))
        inside = self.paint_inside(Opening(window, *depths), shape)
        covered = cover[window][..., None]
        canvas[window] = to_image(canvas[window] * covered + inside * (1 - covered))

    def _seen(self, layer: Layer, buffer: int) -> Image:
        """The picture in the box of the lips as one layer moves it; takes two buffers."""
        inner = self._lips.within(self.box).slices
        x, y = self._pixel_maps(layer.u, layer.v, buffer)
        return remapped(self._picture, x[inner], y[inner], self._interpolation)

    def _pixel_maps(self, u: Floats, v: Floats, buffer: int) -> tuple[Floats, Floats]:
        x, y = self.geometry.frame.pixel_maps(u, v)
        return self._grid.enlarged(x, self._buffers[buffer]), self._grid.enlarged(
            y, self._buffers[buffer + 1]
        )


def _lips_box(picture: Image, mouth: MouthGeometry, outer: Box) -> Box:
    height, width = picture.shape[:2]
    box = even_box(mouth.frame.bounds(LIPS_U, LIPS_V), width, height)
    return Box(
        max(box.left, outer.left),
        max(box.top, outer.top),
        min(box.right, outer.right),
        min(box.bottom, outer.bottom),
    )


def _window(flags: Flags) -> tuple[slice, slice] | None:
    """The slices of the smallest rectangle around all flags, with a margin."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return None
    margin = OPENING_MARGIN_PX
    return (
        slice(max(0, int(rows[0]) - margin), int(rows[-1]) + margin + 1),
        slice(max(0, int(columns[0]) - margin), int(columns[-1]) + margin + 1),
    )
