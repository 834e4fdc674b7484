"""A head that sways: nearer parts of the face move more, the background stays as it is.

The picture is warped as I420 planes, and only where the head is: outside of `Head.box` nothing is written.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.talking.drawing.grid import Box, GridWarp, NodeGrid, even_box
from worker.engines.talking.numerics.arrays import (
    AnyFloats,
    Flags,
    Floats,
    Image,
    Indices,
    floats,
    smoothstep,
)

#: Mesh points around the face, from the forehead clockwise; its ends; the brows.
OVAL = (
    *(10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377),
    *(152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109),
)
FOREHEAD, CHIN = 10, 152
BROWS = (70, 63, 105, 66, 107, 336, 296, 334, 293, 300)

#: The head is an ellipse with these half axes in face widths and heights, its middle so far above the face's.
HEAD_HALF_WIDTH, HEAD_HALF_HEIGHT, HEAD_LIFT = 0.72, 0.80, 0.12
#: It moves whole up to the first radius of the ellipse, and not at all from the second on.
MOVING_RADII = (0.95, 1.95)
#: Nor at the picture's border: within this share of its shorter side the motion fades.
BORDER_SHARE = 0.07
#: Roll and growth are about the neck, so far below the chin (face heights).
NECK = 0.35
#: Half extents of the brows' lift, in face widths and heights.
BROW_WIDTH, BROW_HEIGHT = 0.45, 0.075
#: The depth is blurred by this many face widths, its outline by so many times that.
DEPTH_BLUR, OUTLINE_BLUR = 0.06, 1.2

#: Pixels between nodes; even, for the planes of half the size.
PITCH_PX = 8
#: Heads up to so many pixels are sampled with bicubic interpolation: it is sharper, and costs thrice as much.
MAX_CUBIC_PIXELS = 250_000


@dataclass(frozen=True)
class Pose:
    """Where a head is. yaw, pitch: radians; roll: radians; x, y, brow: face widths; growth: share."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    x: float = 0.0
    y: float = 0.0
    growth: float = 0.0
    brow: float = 0.0


class Head:
    """One head in pictures of one size. `mask` says at its nodes how much they move with it, 0 to 1."""

    def __init__(self, width: int, height: int, points: AnyFloats) -> None:
        """
        Args:
            width, height: of the picture in pixels; even.
            points: (468, 3) mesh points in pixels.
        """
        self._size = (width, height)
        self._face = _Face.of(floats(points))
        self.box = _moving_box(self._face, width, height)
        self.grid = NodeGrid(self.box, PITCH_PX)
        self._chroma_grid = NodeGrid(self.box.halved(), PITCH_PX // 2)
        self.mask = _mask(self._face, self.grid, width, height)
        self._depth = _depth(self._face, floats(points), self.grid) * self.mask * self._face.width
        self._brow = _brow_lift(self._face, floats(points), self.grid) * self.mask * self._face.width
        self._from_neck_x = (self.grid.x - self._face.neck[0]) * self.mask
        self._from_neck_y = (self.grid.y - self._face.neck[1]) * self.mask
        small = self.box.width * self.box.height <= MAX_CUBIC_PIXELS
        self._luma = GridWarp(self.grid, cv2.INTER_CUBIC if small else cv2.INTER_LINEAR)
        self._chroma = GridWarp(self._chroma_grid, cv2.INTER_LINEAR)
        self._strips = self.grid.strips(self.mask > 0)

    def displacement(self, pose: Pose) -> tuple[Floats, Floats]:
        """How far (x, y) the head moves at the nodes of its grid, in pixels."""
        shift_x, shift_y = pose.x * self._face.width, pose.y * self._face.width
        dx = pose.yaw * self._depth + shift_x * self.mask
        dx += pose.growth * self._from_neck_x - pose.roll * self._from_neck_y
        dy = pose.pitch * self._depth + shift_y * self.mask - pose.brow * self._brow
        dy += pose.growth * self._from_neck_y + pose.roll * self._from_neck_x
        return floats(dx), floats(dy)

    def draw(self, planes: Image, out: Image, pose: Pose) -> None:
        """Draws `planes` with the head in `pose` into `out`, in place.

        Both are contiguous I420: (H * 3 // 2, W), luma above the two chroma planes. Of `out` only the box is
        written: it has to hold the background from before.
        """
        if self.box.is_empty:
            return
        dx, dy = self.displacement(pose)
        luma = floats(self.grid.x - dx), floats(self.grid.y - dy)
        chroma = floats(self._chroma_grid.x - dx / 2), floats(self._chroma_grid.y - dy / 2)
        sources, targets = i420_planes(planes, *self._size), i420_planes(out, *self._size)
        for strip in self._strips:
            self._luma.draw(strip, *luma, sources[:1], targets[:1])
            self._chroma.draw(strip, *chroma, sources[1:], targets[1:])


def i420_planes(frame: Image, width: int, height: int) -> tuple[Image, Image, Image]:
    """Views of the luma (H, W) and the two chroma planes (H/2, W/2) of a contiguous I420 frame."""
    chroma = frame[height:].reshape(2, height // 2, width // 2)
    return frame[:height], chroma[0], chroma[1]


@dataclass(frozen=True)
class _Face:
    """Measures of a face, in pixels; directions are unit vectors (2,)."""

    width: float
    height: float
    up: Floats
    middle: Floats
    neck: Floats

    @staticmethod
    def of(points: Floats) -> _Face:
        flat = points[:, :2]
        up = flat[FOREHEAD] - flat[CHIN]
        up = floats(up / np.linalg.norm(up))
        width, height = (float(side) for side in np.ptp(flat, axis=0))
        middle = flat.mean(axis=0) + up * (height * HEAD_LIFT)
        return _Face(width, height, up, floats(middle), floats(flat[CHIN] - up * (height * NECK)))

    def across_and_down(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Pixels seen from the head's middle, along its own directions."""
        dx, dy = x - self.middle[0], y - self.middle[1]
        down_x, down_y = -self.up
        return floats(dx * down_y - dy * down_x), floats(dx * down_x + dy * down_y)

    @property
    def half_axes(self) -> tuple[float, float]:
        """Of the head's ellipse."""
        return HEAD_HALF_WIDTH * self.width, HEAD_HALF_HEIGHT * self.height


def _moving_box(face: _Face, width: int, height: int) -> Box:
    """The box around all that can move."""
    across, down = (axis * MOVING_RADII[1] for axis in face.half_axes)
    reach = floats(
        (
            math.hypot(across * face.up[1], down * face.up[0]),
            math.hypot(across * face.up[0], down * face.up[1]),
        )
    )
    return even_box(floats([face.middle - reach, face.middle + reach]), width, height)


def _mask(face: _Face, grid: NodeGrid, width: int, height: int) -> Floats:
    """1 where the head moves whole, 0 where nothing moves."""
    across, down = face.across_and_down(grid.x, grid.y)
    radius = np.hypot(across / face.half_axes[0], down / face.half_axes[1])
    from_border = np.minimum(np.minimum(grid.x, width - grid.x), np.minimum(grid.y, height - grid.y))
    border = smoothstep(0, BORDER_SHARE * min(width, height), floats(from_border))
    return floats((1 - smoothstep(*MOVING_RADII, floats(radius))) * border)


def _depth(face: _Face, points: Floats, grid: NodeGrid) -> Floats:
    """How near the nodes are, in face widths from the plane of the face's outline, 0 outside of it."""
    near = -(points[:, 2] - np.median(points[list(OVAL), 2])) / face.width
    sigma = max(1.0, DEPTH_BLUR * face.width / grid.pitch)
    splat, weight = np.zeros_like(grid.x), np.zeros_like(grid.x)
    column, row, inside = _cells(points, grid)
    np.add.at(splat, (row[inside], column[inside]), near[inside])
    np.add.at(weight, (row[inside], column[inside]), 1)
    splat, weight = (floats(cv2.GaussianBlur(layer, (0, 0), sigma)) for layer in (splat, weight))
    dense = np.where(weight > 1e-3, splat / np.maximum(weight, 1e-3), 0) * _inside_oval(points, grid, sigma)
    return floats(cv2.GaussianBlur(dense, (0, 0), sigma))


def _cells(points: Floats, grid: NodeGrid) -> tuple[Indices, Indices, Flags]:
    """The grid's column and row of each mesh point, and whether it has one."""
    column = np.rint((points[:, 0] - grid.x[0, 0]) / grid.pitch).astype(np.int32)
    row = np.rint((points[:, 1] - grid.y[0, 0]) / grid.pitch).astype(np.int32)
    inside = (column >= 0) & (column < grid.columns) & (row >= 0) & (row < grid.rows)
    return column, row, inside


def _inside_oval(points: Floats, grid: NodeGrid, sigma: float) -> Floats:
    """1 inside the face's outline, softly 0 outside."""
    origin = floats((grid.x[0, 0], grid.y[0, 0]))
    outline = np.rint((points[list(OVAL), :2] - origin) / grid.pitch).astype(np.int32)
    filled = np.zeros_like(grid.x)
    cv2.fillPoly(filled, [outline], (1.0,))
    return floats(cv2.GaussianBlur(filled, (0, 0), OUTLINE_BLUR * sigma))


def _brow_lift(face: _Face, points: Floats, grid: NodeGrid) -> Floats:
    """1 on the brows, fading around them."""
    brows = points[list(BROWS), :2].mean(axis=0)
    across, down = face.across_and_down(grid.x, grid.y)
    _, brows_down = face.across_and_down(floats([brows[0]]), floats([brows[1]]))
    width, height = BROW_WIDTH * face.width, BROW_HEIGHT * face.height
    return floats(np.exp(-((across / width) ** 2) - ((down - brows_down[0]) / height) ** 2))
