"""Strips of a grid: together they draw what the whole would, and no more than what moves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.engines.talking.drawing.grid import Box, GridWarp, NodeGrid, remap
from worker.engines.talking.numerics.arrays import Floats, Image, floats

PICTURE: Image = np.random.default_rng(3).integers(0, 256, (300, 260), dtype=np.uint8)
GRID = NodeGrid(Box(10, 20, 253, 291), 8)


def bulge(x: float, y: float) -> tuple[Floats, Floats]:
    """Places in the picture at all nodes, most of which are where they were."""
    near = np.exp(-(((GRID.x - x) / 25) ** 2) - ((GRID.y - y) / 40) ** 2)
    near[near < 0.01] = 0
    return floats(GRID.x + 5 * near), floats(GRID.y - 3 * near)


def drawn_whole(x: Floats, y: Floats) -> Image:
    out = PICTURE.copy()
    x, y = GRID.enlarged(x, GRID.cells), GRID.enlarged(y, GRID.cells)
    remap(PICTURE, x, y, cv2.INTER_LINEAR, out[GRID.box.slices])
    return out


@pytest.mark.parametrize("middle", [(130, 150), (10, 20), (250, 290), (60, 116)])
def test_the_strips_draw_what_the_whole_would(middle: tuple[float, float]) -> None:
    x, y = bulge(*middle)
    out = PICTURE.copy()
    warp = GridWarp(GRID, cv2.INTER_LINEAR)

    for strip in GRID.strips((x != GRID.x) | (y != GRID.y)):
        warp.draw(strip, x, y, [PICTURE], [out])

    assert (out != PICTURE).any()
    assert np.array_equal(out, drawn_whole(x, y))


def test_what_stands_still_has_no_strip() -> None:
    moving = np.zeros(GRID.x.shape, bool)
    assert GRID.strips(moving) == []

    moving[20, 7] = True
    (strip,) = GRID.strips(moving)
    assert strip == Box(6, 19, 9, 22)
