"""The astronaut of `examples/portrait.jpg`, as she is and changed, each with the points of her face's mesh.

`astronaut_points.npy` is (468, 3) float32, made with the two face models:

    face = FaceFinder(model_dir).find(cv2.imread("examples/portrait.jpg"))[0]
    np.save("tests/talking/astronaut_points.npy", face.points.astype(np.float32))
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from tests.support.paths import PORTRAIT
from worker.engines.talking.drawing.geometry import (
    GRID_U,
    INNER_LOWER_LIP,
    INNER_UPPER_LIP,
    MouthGeometry,
    mouth_geometry,
)
from worker.engines.talking.drawing.mouth import Mouth
from worker.engines.talking.numerics.arrays import Floats, Image, Indices, floats

POINTS = Path(__file__).parent / "astronaut_points.npy"

#: Mesh points around the lips.
OUTER_LIPS = (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146)
#: Blue, green, red.
LIP_COLOUR, LINE_COLOUR = (120, 110, 190), (40, 30, 70)


@dataclass(frozen=True)
class Portrait:
    """A picture (H, W, 3), blue first, with even sides, and its face's mesh (468, 3)."""

    picture: Image
    points: Floats

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.picture.shape[:2]
        return width, height

    def planes(self) -> Image:
        """The picture as I420."""
        return np.asarray(cv2.cvtColor(self.picture, cv2.COLOR_BGR2YUV_I420), np.uint8)


@cache
def astronaut() -> Portrait:
    """A toothy smile, 94 pixels wide, seen from the front."""
    return Portrait(np.asarray(cv2.imread(str(PORTRAIT)), np.uint8), np.load(POINTS))


@cache
def close_up() -> Portrait:
    """Three times as large, and little more than the head."""
    return _moved(astronaut(), scale=3, degrees=0, side_px=780)


@cache
def closed_mouth() -> Portrait:
    """Painted lips with a dark line between them, instead of the smile."""
    smiling = close_up()
    picture = smiling.picture.copy()
    geometry = mouth_geometry(picture, smiling.points, 0)
    points = _with_shut_lips(smiling.points, geometry)
    cv2.fillPoly(picture, [_outline(points, OUTER_LIPS)], LIP_COLOUR)
    cv2.polylines(picture, [_outline(points, INNER_UPPER_LIP)], False, LINE_COLOUR, thickness=3)
    return Portrait(np.asarray(cv2.GaussianBlur(picture, (0, 0), 1), np.uint8), points)


@cache
def smile() -> Portrait:
    """Her face alone, of a size that costs little to draw and is well read."""
    return _moved(astronaut(), scale=2.5, degrees=0, side_px=400)


@cache
def shut_mouth() -> Portrait:
    """The same with her lips shut, drawn by the engine itself."""
    smiling = smile()
    picture = smiling.picture.copy()
    Mouth(smiling.picture, smiling.points, 0).draw(picture, aperture=0)
    return Portrait(picture, smiling.points)


@cache
def tilted() -> Portrait:
    return _moved(astronaut(), scale=2, degrees=25, side_px=600)


@cache
def tiny() -> Portrait:
    """A face 47 pixels wide."""
    return _moved(astronaut(), scale=0.5, degrees=0, side_px=256)


@cache
def at_the_border() -> Portrait:
    """The chin just above the lower border, an ear at the right one."""
    points = astronaut().points
    bottom, right = int(points[152, 1]) // 2 * 2 + 4, int(points[:, 0].max()) // 2 * 2 + 2
    return cut(0, 0, right, bottom)


@cache
def cut(left: int, top: int, right: int, bottom: int) -> Portrait:
    """The astronaut's picture cut to these pixels."""
    whole = astronaut()
    picture = whole.picture[top:bottom, left:right].copy()
    return Portrait(picture, floats(whole.points - floats((left, top, 0))))


@cache
def grey() -> Portrait:
    luma = cv2.cvtColor(close_up().picture, cv2.COLOR_BGR2GRAY)
    return Portrait(np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.uint8), close_up().points)


Maker = Callable[[], Portrait]
#: Pixels of the astronaut's picture that show a part of her face only.
CUTS = {
    "to the nose": (0, 0, 512, 142),
    "to the eyes": (0, 0, 512, 100),
    "the left half": (0, 0, 220, 512),
    "the right half": (230, 0, 512, 512),
    "below the eyes": (0, 130, 512, 512),
    "no face": (300, 300, 400, 400),
}
ALL: tuple[Maker, ...] = (astronaut, close_up, closed_mouth, tilted, tiny, at_the_border, grey)


def _moved(portrait: Portrait, *, scale: float, degrees: float, side_px: int) -> Portrait:
    """The face in the middle of a square picture, scaled and turned."""
    matrix = floats(cv2.getRotationMatrix2D((0, 0), degrees, scale))
    middle = portrait.points[:, :2].mean(axis=0)
    matrix[:, 2] = side_px / 2 - matrix[:, :2] @ middle
    moved = cv2.warpAffine(
        portrait.picture, matrix, (side_px, side_px), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    flat = portrait.points[:, :2] @ matrix[:, :2].T + matrix[:, 2]
    points = np.concatenate([flat, portrait.points[:, 2:] * scale], axis=1)
    return Portrait(np.asarray(moved, np.uint8), floats(points))


def _outline(points: Floats, numbers: tuple[int, ...]) -> Indices:
    return np.rint(points[list(numbers), :2]).astype(np.int32)


def _with_shut_lips(points: Floats, geometry: MouthGeometry) -> Floats:
    """The inner points of both lips on the line where they meet."""
    shut = points.copy()
    local = geometry.frame.to_local(points[:, :2])
    for number in (*INNER_UPPER_LIP, *INNER_LOWER_LIP):
        u = float(local[number, 0])
        v = float(np.interp(u, GRID_U, geometry.closed))
        shut[number, :2] = geometry.frame.to_picture(floats((u, v)))
    return shut
