"""The colours of a mouth's inside, guessed from the colours of the face around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from worker.engines.talking.drawing.geometry import GRID_U, MouthGeometry
from worker.engines.talking.numerics.arrays import LUMA, Floats, Image, floats

#: Patches are squares with this half side (half mouth widths).
SKIN_PATCH, LIP_PATCH = 0.12, 0.06
CHEEKS = ((-1.2, -0.35), (1.2, -0.35), (-1.35, -0.6), (1.35, -0.6))
#: u, and share of the way to the chin.
CHIN_PATCHES = ((0.0, 0.72), (-0.6, 0.6), (0.6, 0.6))
LIP_PATCHES = (-0.25, 0.0, 0.25)
#: Of the lower lip's height, where its colour is taken.
LIP_MIDDLE = 0.45

#: A picture is grey if the skin's channels differ from their mean by less, and the lip's among each other.
GREY_SKIN, GREY_LIP = 6.0, 12.0
#: Flesh in the shade is redder (blue, green, red).
RED_SHADE = floats((-13, -8, 18))
#: The flesh is as light as the skin's luma within these bounds.
FLESH_LUMA = (50.0, 190.0)
#: Teeth have the skin's luma times the factor plus the offset, within these bounds, and some of its tint.
TEETH_FACTOR, TEETH_OFFSET, TEETH_LUMA, TEETH_TINT = 1.10, 14.0, (92.0, 226.0), 0.40
#: The picture shows teeth if the 85th percentile between the lips is above this share of the skin's luma.
BRIGHT_SHARE, BRIGHT_PERCENTILE, TEETH_PERCENTILE = 0.75, 85.0, 75.0
MIN_TEETH_PIXELS = 20
#: What has more than this share of the skin's saturation isn't teeth but the lips' shine.
MAX_TEETH_SATURATION = 0.6
#: In smaller openings than this, what is bright is the lips' shine.
TEETH_OPENING = 0.2


@dataclass(frozen=True)
class Palette:
    """Colours as (3,): blue, green, red, from 0 to 255."""

    #: The wet inner rim of the lips.
    rim: Floats
    cavity: Floats
    gum: Floats
    tongue: Floats
    teeth: Floats
    #: Whether the teeth's colour is the picture's own.
    shows_teeth: bool


def palette(picture: Image, mouth: MouthGeometry) -> Palette:
    """The colours for drawing into `mouth`."""
    skin, lip = _skin(picture, mouth), _lip(picture, mouth)
    luma = float(skin @ LUMA)
    own_teeth = _own_teeth(picture, mouth, BRIGHT_SHARE * luma)
    if own_teeth is not None and _saturation(own_teeth) > MAX_TEETH_SATURATION * _saturation(skin):
        own_teeth = None
    tint = lip - lip.mean()
    is_grey = float(np.abs(skin - skin.mean()).max()) < GREY_SKIN and float(np.ptp(lip)) < GREY_LIP
    flesh = float(np.clip(luma, *FLESH_LUMA))
    red = RED_SHADE * (0.0 if is_grey else flesh / FLESH_LUMA[1])
    return Palette(
        rim=_clipped(0.55 * lip + 0.6 * tint, 5, 200),
        cavity=_clipped(0.11 * flesh + 0.30 * tint + 0.8 * red, 3, 60),
        gum=_clipped(0.26 * flesh + 0.6 * tint + 1.2 * red, 4, 120),
        tongue=_clipped(0.44 * flesh + 0.70 * tint + 1.5 * red, 5, 180),
        teeth=_guessed_teeth(skin, luma) if own_teeth is None else own_teeth,
        shows_teeth=own_teeth is not None,
    )


def _skin(picture: Image, mouth: MouthGeometry) -> Floats:
    chin = [(u, share * mouth.chin_distance) for u, share in CHIN_PATCHES]
    return _patches(picture, mouth, [*CHEEKS, *chin], SKIN_PATCH)


def _lip(picture: Image, mouth: MouthGeometry) -> Floats:
    v = float(np.interp(0, GRID_U, mouth.lower)) + LIP_MIDDLE * mouth.lower_lip_height
    return _patches(picture, mouth, [(u, v) for u in LIP_PATCHES], LIP_PATCH)


def _guessed_teeth(skin: Floats, luma: float) -> Floats:
    white = float(np.clip(TEETH_FACTOR * luma + TEETH_OFFSET, *TEETH_LUMA))
    return _clipped(white + TEETH_TINT * (skin - skin.mean()), 0, 240)


def _own_teeth(picture: Image, mouth: MouthGeometry, bright_luma: float) -> Floats | None:
    """The mean colour of the teeth that the picture shows, if it does."""
    if mouth.opening < TEETH_OPENING:
        return None
    between = picture[_between_the_lips(picture, mouth)].astype(np.float32)
    luma = between @ LUMA
    if len(between) < MIN_TEETH_PIXELS or np.percentile(luma, BRIGHT_PERCENTILE) <= bright_luma:
        return None
    return floats(between[luma >= np.percentile(luma, TEETH_PERCENTILE)].mean(axis=0))


def _between_the_lips(picture: Image, mouth: MouthGeometry) -> tuple[npt.NDArray[np.intp], ...]:
    middle = np.abs(GRID_U) < 0.85
    upper = np.stack([GRID_U, mouth.upper], axis=1)[middle]
    lower = np.stack([GRID_U, mouth.lower], axis=1)[middle]
    outline = mouth.frame.to_picture(floats(np.concatenate([upper, lower[::-1]])))
    mask = np.zeros(picture.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.rint(outline).astype(np.int32)], (255,))
    return np.nonzero(mask)


def _patches(
    picture: Image, mouth: MouthGeometry, places: Sequence[tuple[float, float]], half_side: float
) -> Floats:
    """The median colour (3,) of the patches' medians; places outside of the picture get its border's."""
    radius = max(1, int(half_side * mouth.frame.unit_px))
    height, width = picture.shape[:2]
    medians = []
    for x, y in mouth.frame.to_picture(floats(places)).astype(int):
        column, row = int(np.clip(x, 0, width - 1)), int(np.clip(y, 0, height - 1))
        patch = picture[
            max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1
        ]
        medians.append(np.median(patch.reshape(-1, 3), axis=0))
    return floats(np.median(medians, axis=0))


def _saturation(colour: Floats) -> float:
    """From 0, grey, to 1."""
    return float(np.ptp(colour) / max(float(colour.max()), 1))


def _clipped(colour: Floats, least: float, most: float) -> Floats:
    return floats(np.clip(colour, least, most))
