"""A frame of reference that a part of the face brings along: its own middle, directions and unit."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.numerics.arrays import Floats, Image, floats

MOUTH_CORNERS = (61, 291)
CHIN, BETWEEN_THE_EYES = 152, 168
#: How much of the mouth's downward direction is the face's, the rest being square to the mouth.
CHIN_SHARE = 0.3


@dataclass(frozen=True)
class LocalFrame:
    """(u, v) around `origin` (2,), in units of `unit_px`.

    The columns of `basis` (2, 2) are the pixels that one u and one v go.
    """

    origin: Floats
    basis: Floats
    unit_px: float

    def to_picture(self, local: Floats) -> Floats:
        """(..., 2) local coordinates as pixels."""
        return floats(local @ self.basis.T + self.origin)

    def to_local(self, pixels: Floats) -> Floats:
        """(..., 2) pixels as local coordinates."""
        return floats((pixels - self.origin) @ np.linalg.inv(self.basis).T)

    def pixel_maps(self, u: Floats, v: Floats) -> tuple[Floats, Floats]:
        """x and y, in pixels, of each (u, v)."""
        (ux, vx), (uy, vy) = self.basis
        return u * ux + (v * vx + self.origin[0]), u * uy + (v * vy + self.origin[1])

    def sample(self, picture: Image | Floats, u: Floats, v: Floats) -> Floats:
        """The picture's values, from 0 to 255, at each (u, v); its border's beyond it."""
        if not u.size:
            return floats(np.empty(u.shape + picture.shape[2:]))
        x, y = self.pixel_maps(u, v)
        values = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        return floats(values).reshape(u.shape + picture.shape[2:])

    def pixels(self, box: Box) -> tuple[Floats, Floats]:
        """u and v of the pixels of a box, (box.height, box.width) each."""
        x, y = np.meshgrid(np.arange(box.left, box.right), np.arange(box.top, box.bottom))
        local = self.to_local(floats(np.stack([x, y], axis=-1)))
        return np.ascontiguousarray(local[..., 0]), np.ascontiguousarray(local[..., 1])

    def bounds(self, u: tuple[float, float], v: tuple[float, float]) -> Floats:
        """(2, 2): the least and the greatest (x, y) of a rectangle in (u, v)."""
        corners = self.to_picture(floats([(a, b) for a in u for b in v]))
        return floats([corners.min(axis=0), corners.max(axis=0)])


def mouth_frame(points: Floats) -> LocalFrame:
    """u from corner to corner; v between square to that and the way from between the eyes to the chin."""
    first, last = points[list(MOUTH_CORNERS), :2]
    half = floats((last - first) / 2)
    unit_px = float(np.linalg.norm(half))
    chinward = _unit(points[CHIN, :2] - points[BETWEEN_THE_EYES, :2])
    square = floats((-half[1], half[0])) / unit_px
    down = _unit((1 - CHIN_SHARE) * square + CHIN_SHARE * chinward) if square @ chinward > 0 else chinward
    return LocalFrame(floats((first + last) / 2), floats(np.stack([half, down * unit_px], axis=1)), unit_px)


def square_frame(first: Floats, last: Floats) -> LocalFrame:
    """u from `first` (2,) to `last`, which get -1 and 1; v square to it, down in an upright face."""
    half = floats((last - first) / 2)
    down = floats((-half[1], half[0]))
    return LocalFrame(floats((first + last) / 2), floats(np.stack([half, down], axis=1)), _norm(half))


def _unit(vector: Floats) -> Floats:
    return floats(vector / np.linalg.norm(vector))


def _norm(vector: Floats) -> float:
    return float(np.linalg.norm(vector))
