"""Warps by coarse grids: what moves is computed at few nodes and enlarged to every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.talking.numerics.arrays import Flags, Floats, Image, floats

#: Rows of cells in a strip.
STRIP_ROWS = 12


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
    def is_empty(self) -> bool:
        return self.width <= 0 or self.height <= 0

    @property
    def slices(self) -> tuple[slice, slice]:
        """Indexes a picture."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def shifted(self, right: int, down: int) -> Box:
        return Box(self.left + right, self.top + down, self.right + right, self.bottom + down)

    def cut(self, outer: Box) -> Box:
        """What of it lies in `outer`."""
        return Box(
            max(self.left, outer.left),
            max(self.top, outer.top),
            min(self.right, outer.right),
            min(self.bottom, outer.bottom),
        )

    def halved(self) -> Box:
        """The box on a plane of half the size, for a box with even sides."""
        return Box(self.left // 2, self.top // 2, self.right // 2, self.bottom // 2)

    def within(self, outer: Box) -> Box:
        """The box seen from the corner of `outer`."""
        return self.shifted(-outer.left, -outer.top)


def even_box(bounds: Floats, width: int, height: int) -> Box:
    """The smallest box with even coordinates around `bounds` (2, 2), cut to the picture; it may be empty."""
    (left, top), (right, bottom) = np.floor(bounds[0] / 2) * 2, np.ceil((bounds[1] + 1) / 2) * 2
    x = np.clip((left, right), 0, width).astype(int)
    y = np.clip((top, bottom), 0, height).astype(int)
    return Box(int(x[0]), int(y[0]), int(x[1]), int(y[1]))


def box_around(flags: Flags, margin: int) -> Box | None:
    """The smallest box around all flags (H, W) and a margin, cut to the array; None without a flag."""
    rows, columns = np.flatnonzero(flags.any(axis=1)), np.flatnonzero(flags.any(axis=0))
    if not len(rows):
        return None
    around = Box(int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    wide = Box(around.left - margin, around.top - margin, around.right + margin, around.bottom + margin)
    return wide.cut(Box(0, 0, flags.shape[1], flags.shape[0]))


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

    @property
    def cells(self) -> Box:
        """All nodes but the ring, in columns and rows."""
        return Box(1, 1, self.columns - 1, self.rows - 1)

    def pixels(self, cells: Box) -> Box:
        """The part of the grid's box that some of its cells cover."""
        left, top = self.box.left - self.pitch, self.box.top - self.pitch
        return Box(
            left + self.pitch * cells.left,
            top + self.pitch * cells.top,
            min(self.box.right, left + self.pitch * cells.right),
            min(self.box.bottom, top + self.pitch * cells.bottom),
        )

    def strips(self, moving: Flags) -> list[Box]:
        """The cells around all nodes (rows, columns) that move, in strips as wide as the motion there.

        The maps of a strip fit into a core's cache; those of a whole picture don't.
        """
        touched = cv2.dilate(moving.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool)
        tops = range(1, self.rows - 1, STRIP_ROWS)
        bands = [Box(1, top, self.columns - 1, min(top + STRIP_ROWS, self.rows - 1)) for top in tops]
        parts = [(band, box_around(touched[band.slices], margin=0)) for band in bands]
        return [part.shifted(band.left, band.top) for band, part in parts if part]

    def enlarged(self, nodes: Floats, cells: Box, buffer: Floats | None = None) -> Floats:
        """(rows, columns) values at the nodes as those at the pixels of `cells`: (height, width).

        For a strip `buffer`, from `new_buffer`, is written to and returned as a view.
        """
        pixels = self.pixels(cells)
        part = nodes[cells.top - 1 : cells.bottom + 1, cells.left - 1 : cells.right + 1]
        rows, columns = part.shape[0] * self.pitch, part.shape[1] * self.pitch
        room = None if buffer is None else buffer[:rows, :columns]
        whole = cv2.resize(part, (columns, rows), dst=room, interpolation=cv2.INTER_LINEAR)
        first = self.pitch
        return floats(whole[first : first + pixels.height, first : first + pixels.width])

    def new_buffer(self) -> Floats:
        """Room for the nodes of a strip enlarged."""
        return np.empty(((STRIP_ROWS + 2) * self.pitch, self.columns * self.pitch), np.float32)


def remap(source: Image, x: Floats, y: Floats, interpolation: int, target: Image) -> None:
    """Fills `target` with `source` at each (x, y); beyond its border are the border's values."""
    cv2.remap(source, x, y, interpolation, dst=target, borderMode=cv2.BORDER_REPLICATE)


class GridWarp:
    """Draws pictures of one size, strip by strip, each pixel from the place that the nodes around it say."""

    def __init__(self, grid: NodeGrid, interpolation: int) -> None:
        self._grid = grid
        self._interpolation = interpolation
        self._rooms = [grid.new_buffer() for _ in range(2)]

    def draw(
        self, strip: Box, x: Floats, y: Floats, sources: Sequence[Image], targets: Sequence[Image]
    ) -> None:
        """Writes a strip of the grid's box into each of `targets` from one of `sources`, all of one size.

        `x` and `y` are the places in the picture at all the nodes.
        """
        pixels = self._grid.pixels(strip)
        maps = [
            self._grid.enlarged(nodes, strip, room) for nodes, room in zip((x, y), self._rooms, strict=True)
        ]
        for source, target in zip(sources, targets, strict=True):
            remap(source, maps[0], maps[1], self._interpolation, target[pixels.slices])
