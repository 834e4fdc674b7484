"""What a face looks like: 468 points on its surface, fitted in a few looks, each better aimed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.talking.face.networks import Network, Points
from worker.engines.talking.numerics.arrays import Image

#: Side of the network's input, in pixels.
INPUT_PX = 192

#: How many points the mesh has; which is where: `canonical_face_model_uv_visualization.png` of MediaPipe.
POINTS = 468

#: The eyes' outer corners, the person's right one first.
RIGHT_EYE, LEFT_EYE = 33, 263

#: Side of the square that is cut out, by the longer side of the box around the face.
MARGIN = 1.5

#: The first look uses the detector's box, each later one the mesh before it; more than three change nothing.
LOOKS = 3

#: A picture shrunk by more than this is blurred first, by so many of its pixels for each one of the input.
BLUR_FROM = 1.5
BLUR_SIGMA = 0.45


@dataclass(frozen=True)
class Crop:
    """A square of the picture, turned clockwise by `angle_radians`; the rest is in pixels of the picture."""

    x: float
    y: float
    side_px: float
    angle_radians: float

    @property
    def scale(self) -> float:
        """Pixels of the picture in one of the input."""
        return self.side_px / INPUT_PX

    def to_picture(self) -> Points:
        """(2, 3): the affine map from pixels of the input to pixels of the picture."""
        cosine, sine = math.cos(self.angle_radians), math.sin(self.angle_radians)
        turn = self.scale * np.array([[cosine, -sine], [sine, cosine]])
        middle = np.full(2, (INPUT_PX - 1) / 2)
        return np.column_stack([turn, (self.x, self.y) - turn @ middle])


class Mesh:
    """Fits the points. Not for two threads at once."""

    def __init__(self, model: bytes) -> None:
        self._network = Network(model, scale=1 / 255)

    def fit(self, picture: Image, crop: Crop) -> tuple[float, Points]:
        """How sure it is that this is a face (0 to 1), and (468, 3) points in pixels of the picture.

        z is in the same unit, negative towards the camera, 0 about the middle of the head.
        """
        for _ in range(LOOKS):
            presence, points = self.look(picture, crop)
            crop = around(points)
        return presence, points

    def look(self, picture: Image, crop: Crop) -> tuple[float, Points]:
        """What `fit` returns, from one look at `crop` alone."""
        logit, flat = self._network.run(_cut_out(picture, crop), ("conv2d_31", "conv2d_21"))
        found = flat.reshape(POINTS, 3)
        to_picture = crop.to_picture()
        flat_points = found[:, :2] @ to_picture[:, :2].T + to_picture[:, 2]
        presence = 1 / (1 + math.exp(-float(logit.reshape(-1)[0])))
        return presence, np.column_stack([flat_points, found[:, 2] * crop.scale])


def around(points: Points) -> Crop:
    """The square for the next look: upright along the eyes, about the points' middle, with a margin."""
    angle_radians = tilt_radians(points)
    upright = turned(points, -angle_radians)
    low, high = upright.min(axis=0), upright.max(axis=0)
    x, y = turned((low + high)[None] / 2, angle_radians)[0]
    return Crop(float(x), float(y), MARGIN * float((high - low).max()), angle_radians)


def tilt_radians(points: Points) -> float:
    """How far the line through the eyes is turned clockwise from the horizontal."""
    x, y = points[LEFT_EYE, :2] - points[RIGHT_EYE, :2]
    return math.atan2(y, x)


def turned(points: Points, angle_radians: float) -> Points:
    """(n, 2): the points' x and y, turned clockwise about the origin."""
    cosine, sine = math.cos(angle_radians), math.sin(angle_radians)
    turn = np.array([[cosine, sine], [-sine, cosine]])
    return np.asarray(points[:, :2] @ turn, np.float64)


def _cut_out(picture: Image, crop: Crop) -> Image:
    """The square at the network's size; the picture's edge goes on where it reaches beyond."""
    left, top, part = _neighbourhood(picture, crop)
    if crop.scale > BLUR_FROM:
        part = np.asarray(cv2.GaussianBlur(part, (0, 0), BLUR_SIGMA * crop.scale), np.uint8)
    to_part = crop.to_picture() - [[0, 0, left], [0, 0, top]]
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    size = (INPUT_PX, INPUT_PX)
    return np.asarray(
        cv2.warpAffine(part, to_part, size, flags=how, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _neighbourhood(picture: Image, crop: Crop) -> tuple[int, int, Image]:
    """The part of the picture that the square can lie in, however it is turned, and where that begins."""
    height, width = picture.shape[:2]
    file_access = math.ceil(crop.side_px)
    x, y = min(max(round(crop.x), 0), width - 1), min(max(round(crop.y), 0), height - 1)
    left, top = max(0, x - file_access), max(0, y - file_access)
    return left, top, picture[top : y + file_access + 1, left : x + file_access + 1]
