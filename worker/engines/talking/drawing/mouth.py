"""A speaking mouth: the picture's lips and jaw moved, and what shows between the lips drawn."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from worker.engines.talking.drawing.geometry import mouth_geometry
from worker.engines.talking.drawing.grid import Box, GridWarp, NodeGrid, box_around, even_box, remap
from worker.engines.talking.drawing.interior import Depths, Interior
from worker.engines.talking.drawing.lips import MouthShape, lip_motion, suited
from worker.engines.talking.drawing.palette import palette
from worker.engines.talking.drawing.warp import Layer, Warp
from worker.engines.talking.numerics.arrays import AnyFloats, Flags, Floats, Image, floats, to_image

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
RESTED = 0.995
#: What moves less than this is not drawn: pixels are sampled in steps of as much (OpenCV's INTER_BITS).
STILL_PX = 1 / 32

#: Paints what is between the lips, (height, width, 3), in a box of the picture.
PaintInside = Callable[[Box, Depths, MouthShape], Floats]


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
        self._u, self._v = self._node_places()
        self._near_lips = _within(self._u, LIPS_U) & _within(self._v, LIPS_V)
        colours = palette(picture, self.geometry)
        self.paint_inside: PaintInside = Interior(picture, self.geometry, colours, self.box).paint
        self._around = GridWarp(self._grid, self._interpolation)

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

        With `rest` 1, or a shut closed mouth, the box gets exactly the picture's pixels. Nothing is drawn of
        a mouth outside of the picture.
        """
        if self.box.is_empty:
            return
        shape = MouthShape(aperture, corner, bite, tongue, rest)
        if rest > RESTED or (shape.is_shut and not self.geometry.is_open):
            canvas[self.box.slices] = self._picture[self.box.slices]
            return
        shape = suited(shape, self.geometry)
        motion = lip_motion(self.geometry, shape)
        upper = self._warp.upper(self._u, self._v, motion)
        lower = self._warp.lower(self._u, self._v, motion)
        self._draw_around(canvas, upper, lower)
        cells = self._undecided(upper, lower)
        if cells:
            self._draw_lips(canvas, cells, upper, lower, shape)

    def _node_places(self) -> tuple[Floats, Floats]:
        local = self.geometry.frame.to_local(np.stack([self._grid.x, self._grid.y], axis=-1))
        return np.ascontiguousarray(local[..., 0]), np.ascontiguousarray(local[..., 1])

    def _draw_around(self, canvas: Image, upper: Layer, lower: Layer) -> None:
        """All that moves, by one map: outside of the lips the layers agree. The rest is the picture's."""
        is_lower = upper.below_edge + lower.below_edge > 0
        u, v = np.where(is_lower, lower.u, upper.u), np.where(is_lower, lower.v, upper.v)
        x, y = self.geometry.frame.pixel_maps(u, v)
        canvas[self.box.slices] = self._picture[self.box.slices]
        moves = np.maximum(np.abs(x - self._grid.x), np.abs(y - self._grid.y)) > STILL_PX
        for strip in self._grid.strips(moves):
            self._around.draw(strip, x, y, [self._picture], [canvas])

    def _undecided(self, upper: Layer, lower: Layer) -> Box | None:
        """The cells of the grid around the edges of the lips, where not one layer alone is seen."""
        edge = EDGE_PX / self.geometry.frame.unit_px
        is_upper = (upper.below_edge < -edge) & (lower.below_edge < -edge)
        is_lower = (upper.below_edge > edge) & (lower.below_edge > edge)
        around = box_around(self._near_lips & ~(is_upper | is_lower), margin=1)
        return around and around.cut(self._grid.cells)

    def _draw_lips(self, canvas: Image, cells: Box, upper: Layer, lower: Layer, shape: MouthShape) -> None:
        """Both layers, each as far as its lip reaches, and the inside where none does."""
        below_upper = self._grid.enlarged(upper.below_edge, cells)
        below_lower = self._grid.enlarged(lower.below_edge, cells)
        unit_px = self.geometry.frame.unit_px
        upper_alpha = np.clip(0.5 - below_upper * (unit_px / EDGE_PX), 0, 1)
        lower_alpha = np.clip(0.5 + below_lower * (unit_px / EDGE_PX), 0, 1)
        both = upper_alpha + lower_alpha
        share = lower_alpha / (both + np.float32(1e-4))
        lips = cv2.blendLinear(self._seen(upper, cells), self._seen(lower, cells), 1 - share, share)
        slit = 1 - np.clip((below_upper - below_lower) * (unit_px / SLIT_PX), 0, 1)
        cover = np.clip(np.maximum(both, slit), 0, 1)
        pixels = self._grid.pixels(cells)
        canvas[pixels.slices] = lips
        self._draw_inside(canvas, pixels, cover, Depths(below_upper, -below_lower), shape)

    def _draw_inside(
        self, canvas: Image, pixels: Box, cover: Floats, depths: Depths, shape: MouthShape
    ) -> None:
        """`cover` and `depths` are those of `pixels`."""
        inner = box_around(cover < COVERED, OPENING_MARGIN_PX)
        if inner is None:
            return
        window = inner.shifted(pixels.left, pixels.top)
        inside = self.paint_inside(window, depths.part(inner), shape)
        covered = cover[inner.slices][..., None]
        canvas[window.slices] = to_image(canvas[window.slices] * covered + inside * (1 - covered))

    def _seen(self, layer: Layer, cells: Box) -> Image:
        """The picture in the pixels of `cells` as one layer moves it."""
        x, y = (
            self._grid.enlarged(place, cells) for place in self.geometry.frame.pixel_maps(layer.u, layer.v)
        )
        seen = np.empty((*x.shape, 3), np.uint8)
        remap(self._picture, x, y, self._interpolation, seen)
        return seen


def _within(values: Floats, span: tuple[float, float]) -> Flags:
    return (values >= span[0]) & (values <= span[1])
