"""Whether something hides the mouth: a hand, a mask, a microphone, or the end of the picture.

Of what lies before it, two signs have to come together. What is between the lips' outlines has no line of a
mouth in it; and the mesh, when it looks again from a little aside, puts the lips elsewhere while the eyes
stay. Neither will do alone: beards unsettle the mesh, and blurred pictures hardly show the line.
"""

from __future__ import annotations

import cv2
import numpy as np

from worker.engines.talking.face.mesh import INPUT_PX, Crop, Mesh, around
from worker.engines.talking.face.networks import Points
from worker.engines.talking.numerics.arrays import Image

#: The outlines of both lips from the person's right to the left, and the mouth's corners.
UPPER_OUTLINE = (40, 39, 37, 0, 267, 269, 270)
LOWER_OUTLINE = (91, 181, 84, 17, 314, 405, 321)
RIGHT_CORNER, LEFT_CORNER = 61, 291

#: Skin that hardly anything hides: the cheeks below the eyes.
CHEEKS = (50, 280, 205, 425)

#: Corners and lids of the eyes, root and tip of the nose.
STEADY = (33, 133, 263, 362, 159, 386, 145, 374, 1, 4, 168, 6)
LIPS = (*UPPER_OUTLINE, *LOWER_OUTLINE, RIGHT_CORNER, LEFT_CORNER)

#: Lightness from outline to outline spans this share of the cheeks', or there is no line of a mouth in it.
#: Hidden mouths had at most .07, visible ones at least .12 when the mesh was unsteady too.
MIN_CONTRAST = 0.09

#: Lips that move this many times as much as the eyes are guessed. Hidden ones did from 1.7 times on.
MAX_UNSTEADINESS = 1.6

#: Fingers and folds of cloth have lines too, up to .18 of the cheeks' lightness; lips below them moved more.
#: Of visible mouths, bearded ones moved up to 2.2 times as much as the eyes, with a contrast from .22 on.
MIN_UNSTEADY_CONTRAST, MAX_LINED_UNSTEADINESS = 0.20, 2.3

#: Samples from outline to outline, and how much of both ends the outlines' own edges take.
SAMPLES, EDGE = 31, 0.05

#: The mesh goes on beyond the picture's border. Where that cuts the lips they were found to end at most so
#: far before it, as a share of the mouth's width.
MAX_CUT_DISTANCE = 0.03

#: Noise is smoothed away by this share of the mouth's width, and at least by so many pixels.
BLUR, MIN_BLUR_PX = 0.02, 0.5

#: Darker cheeks than this have noise for lightness.
MIN_CHEEK_LIGHTNESS = 8

#: The looks from aside: how many, and how far they are moved (shares of the square), grown and turned.
ASIDE_LOOKS, MOVE, GROW, TURN_RADIANS = 12, 0.06, 0.12, 0.12


def is_mouth_covered(mesh: Mesh, picture: Image, points: Points) -> bool:
    """Whether the mouth of the face with the mesh `points` in `picture` (blue first) is surely hidden."""
    shown = contrast(picture, points)
    if shown >= MIN_UNSTEADY_CONTRAST:
        return False
    limit = MAX_UNSTEADINESS if shown < MIN_CONTRAST else MAX_LINED_UNSTEADINESS
    return unsteadiness(mesh, picture, points) > limit


def is_mouth_cut(picture: Image, points: Points) -> bool:
    """Whether the lips of the face with the mesh `points` end beyond the border of `picture`, or at it."""
    lips = points[(*LIPS, RIGHT_CORNER, LEFT_CORNER), :2]
    height, width = picture.shape[:2]
    to_border = min(lips.min(), (np.array((width - 1, height - 1)) - lips).min())
    return bool(to_border < MAX_CUT_DISTANCE * _mouth_width(points))


def contrast(picture: Image, points: Points) -> float:
    """What lightness spans between the lips' outlines, as a share of the cheeks' lightness."""
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    smooth = cv2.GaussianBlur(grey, (0, 0), max(MIN_BLUR_PX, BLUR * _mouth_width(points)))
    down = np.linspace(EDGE, 1 - EDGE, SAMPLES)[:, None, None]
    across = points[UPPER_OUTLINE, :2] * (1 - down) + points[LOWER_OUTLINE, :2] * down
    low, high = np.percentile(_sampled(smooth, across), (5, 95), axis=0)
    cheeks = np.median(_sampled(smooth, points[CHEEKS, :2][None]))
    return float(np.median(high - low) / max(float(cheeks), MIN_CHEEK_LIGHTNESS))


def unsteadiness(mesh: Mesh, picture: Image, points: Points) -> float:
    """How many times as far as eyes and nose the lips move when the mesh is fitted from a little aside."""
    fits = np.stack([mesh.look(picture, crop)[1][:, :2] for crop in _aside(around(points))])
    spread = np.sqrt(np.square(fits - fits.mean(axis=0)).sum(axis=2).mean(axis=0))
    return float(spread[list(LIPS)].mean() / max(float(spread[list(STEADY)].mean()), 1 / INPUT_PX))


def _mouth_width(points: Points) -> float:
    """In pixels."""
    return float(np.hypot(*(points[LEFT_CORNER, :2] - points[RIGHT_CORNER, :2])))


def _aside(crop: Crop) -> list[Crop]:
    """Squares around `crop`, moved in a circle; size and turn vary at rates that don't fall in with it."""
    return [
        Crop(
            crop.x + MOVE * crop.side_px * np.cos(step * 2 * np.pi / ASIDE_LOOKS),
            crop.y + MOVE * crop.side_px * np.sin(step * 2 * np.pi / ASIDE_LOOKS),
            crop.side_px * (1 + GROW * np.cos(2.7 * step)),
            crop.angle_radians + TURN_RADIANS * np.sin(1.9 * step),
        )
        for step in range(ASIDE_LOOKS)
    ]


def _sampled(grey: cv2.typing.MatLike, places: Points) -> Points:
    """Lightness at `places` (rows, columns, 2)."""
    x, y = np.moveaxis(places.astype(np.float32), 2, 0)
    samples = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(samples, np.float64)
