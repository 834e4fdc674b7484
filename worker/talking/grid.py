"""Warps by coarse grids: what moves is computed at few nodes and enlarged to every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.talking.arrays import Floats, Image, floats


@dataclass(frozen=True)
class Box:
    """Pixels with left <= x < right and top <= y < bottom."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes a picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def halved(self) -> Box:
        """The box on a plane of half the size, for a box with even sides."""
        return Box(self.left // 2, self.top // 2, self.right // 2, self.bottom // 2)

    def within(self, outer: Box) -> Box:
        """The box seen from the corner of `outer`."""
        return Box(
            self.left - outer.left, self.top - outer.top, self.right - outer.left, self.bottom - outer.top
        )


def even_box(bounds: Floats, width: int, height: int) -> Box:
    """The smallest box with even coordinates around `bounds` (2, 2), cut to the picture; it may be empty."""
    (left, top), (right, bottom) = np.floor(bounds[0] / 2) * 2, np.ceil((bounds[1] + 1) / 2) * 2
    x = np.clip((left, right), 0, width).astype(int)
    y = np.clip((top, bottom), 0, height).astype(int)
    return Box(int(x[0]), int(y[0]), int(x[1]), int(y[1]))


class NodeGrid:
    """Nodes every `pitch` pixels over a box, in the middle of their cells, and a ring of them around it.

    There, bilinear `cv2.resize` is the exact interpolation between nodes, and ten times as fast as another;
    without the ring it would be level in the outermost half cells.
    """

    def __init__(self, box: Box, pitch: int) -> None:
        self.box = box
        self.pitch = pitch
        self.columns, self.rows = -(-box.width // pitch) + 2, -(-box.height // pitch) + 2
        middle = (pitch - 1) / 2
        x = floats(box.left + middle + pitch * (np.arange(self.columns) - 1))
        y = floats(box.top + middle + pitch * (np.arange(self.rows) - 1))
        self.x, self.y = (np.ascontiguousarray(nodes) for nodes in np.meshgrid(x, y))

    def nearest(self, x: float, y: float) -> tuple[int, int]:
        """Row and column of the node nearest to a pixel of the picture, wherever that is."""
        column = round((x - float(self.x[0, 0])) / self.pitch)
        row = round((y - float(self.y[0, 0])) / self.pitch)
        return max(0, min(row, self.rows - 1)), max(0, min(column, self.columns - 1))

    def enlarged(self, nodes: Floats, buffer: Floats | None = None) -> Floats:
        """(rows, columns) values at the nodes as (box.height, box.width) values at the pixels.

        `buffer`, from `new_buffer`, is written to and returned as a view.
        """
        size = (self.columns * self.pitch, self.rows * self.pitch)
        whole = cv2.resize(nodes, size, dst=buffer, interpolation=cv2.INTER_LINEAR)
        return floats(
            whole[self.pitch : self.pitch + self.box.height, self.pitch : self.pitch + self.box.width]
        )

    def new_buffer(self) -> Floats:
        return np.empty((self.rows * self.pitch, self.columns * self.pitch), np.float32)


def remapped(source: Image, x: Floats, y: Floats, interpolation: int) -> Image:
    """`source` at each (x, y); its border's values beyond it."""
    return np.asarray(cv2.remap(source, x, y, interpolation, borderMode=cv2.BORDER_REPLICATE), np.uint8)
