"""One eye's upper lid, drawn as it closes: skin from below the brow, drawn down over the eye.

Places are (u, v) in half eye widths around the middle of the eye: u from corner to corner, v downward.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np

from worker.engines.talking.drawing.frame import square_frame
from worker.engines.talking.drawing.geometry import curve_through
from worker.engines.talking.drawing.grid import even_box
from worker.engines.talking.drawing.seam import smoothed
from worker.engines.talking.numerics.arrays import LUMA, Flags, Floats, Image, floats, to_image

EYE_U = floats(np.linspace(-1.4, 1.4, 113))
OUTLINE_SMOOTHING = 2.0

#: What is drawn reaches so far to the sides, above the brow, and below the eye.
REACH_U, REACH_ABOVE, REACH_BELOW = 1.5, 0.1, 0.35
#: The lid begins at this share of the way from the eye to the brow, within these bounds.
LID_SHARE, LID_BOUNDS = 0.90, (0.25, 1.4)
#: The skin is taken from so far above the eye, to leave the lashes out; whole from this closing on.
LASH_HEIGHT, LASH_CLOSING = 0.17, 1 / 1.4
#: A shut lid overlaps the lower one by so much, less towards the corners, and fades beyond them (variance).
OVERLAP, OVERLAP_WIDTH, CORNER_VARIANCE = 0.15, 1.15, 0.025

#: Where skin is looked for below the eye, and further down on the cheek.
BELOW_EYE, CHEEK = 0.30, 0.85
SAMPLE_U = floats(np.linspace(-0.5, 0.5, 15))
#: The darkest share of what is between the lids is lash and pupil.
LASH_PERCENTILE = 12.0
LASH_ROWS = (0.0, 0.1, 0.3, 0.5, -0.1)
#: A skin distance makes less of lightness than of hue; so does a lid's.
SKIN_LAB, LID_LAB = floats((0.5, 1, 1)), floats((0.6, 1, 1))

#: The lid's mean colour goes this far towards the cheek's, and its own pattern stays this strong (L, a, b).
TOWARDS_CHEEK = floats((0.88, 0.90, 0.90))
PATTERN_KEPT = floats((0.28, 0.28, 0.28))
#: A shut lid is darker than the cheek by this share of the cheek's lightness.
LID_DARKNESS = 0.08
#: It is rounder, so darker, towards its edge: by how much, and how far up.
EDGE_DARKNESS, EDGE_REACH = 0.12, 0.35
#: The lash line: thickness, strength, and where it ends.
LASH_LINE, LASH_STRENGTH, LASH_END = 0.075, 0.55, 1.12
#: The lid's edge fades over so many pixels.
EDGE_PX = 1.5


@dataclass(frozen=True)
class Outline:
    """Numbers of an eye's mesh points, corners first and last."""

    upper: tuple[int, ...]
    lower: tuple[int, ...]
    brow: tuple[int, ...]


#: Of the eye on the picture's left and right.
LEFT = Outline(
    upper=(33, 246, 161, 160, 159, 158, 157, 173, 133),
    lower=(33, 7, 163, 144, 145, 153, 154, 155, 133),
    brow=(46, 53, 52, 65, 55),
)
RIGHT = Outline(
    upper=(362, 398, 384, 385, 386, 387, 388, 466, 263),
    lower=(362, 382, 381, 380, 374, 373, 390, 249, 263),
    brow=(285, 295, 282, 283, 276),
)


class Eyelid:
    """The lid of one eye. `closed` changes what is in `box`; `open` is how the picture has it."""

    def __init__(self, picture: Image, points: Floats, outline: Outline) -> None:
        self._picture = picture
        corners = points[[outline.upper[0], outline.upper[-1]], :2]
        self._frame = square_frame(corners[0], corners[1])
        upper, lower, brow = (
            self._frame.to_local(points[list(numbers), :2])
            for numbers in (outline.upper, outline.lower, outline.brow)
        )
        self._upper = smoothed(curve_through(upper, EYE_U), OUTLINE_SMOOTHING)
        self._lower = np.maximum(smoothed(curve_through(lower, EYE_U), OUTLINE_SMOOTHING), self._upper)
        top = float(self._upper.min())
        self._height = float(np.clip(LID_SHARE * (top - brow[:, 1].mean()), *LID_BOUNDS))
        v = (top - self._height - REACH_ABOVE, float(self._lower.max()) + REACH_BELOW)
        self.box = even_box(self._frame.bounds((-REACH_U, REACH_U), v), picture.shape[1], picture.shape[0])
        self.open = picture[self.box.slices].copy()
        self._u, below = self._frame.pixels(self.box)
        self._eye_top = floats(np.interp(self._u, EYE_U, self._upper))
        self._below_top = below - self._eye_top

    @property
    def is_whole(self) -> bool:
        """Whether all of the eye is in the picture."""
        height, width = self._picture.shape[:2]
        outline = [np.stack([EYE_U, edge], axis=1) for edge in (self._upper, self._lower)]
        places = self._frame.to_picture(floats(np.concatenate(outline)))
        return bool((places >= 0).all() and (places <= (width - 1, height - 1)).all())

    @property
    def opening(self) -> float:
        """The greatest height between the lids, in half eye widths."""
        return float((self._lower - self._upper).max())

    @property
    def half_width_px(self) -> float:
        return self._frame.unit_px

    @cached_property
    def skin_distance(self) -> float:
        """From the cheek to what is right below the eye, in Lab: large for glasses and drawn contours."""
        lower = floats(np.interp(SAMPLE_U, EYE_U, self._lower))
        below = np.median(_lab(self._frame.sample(self._picture, SAMPLE_U, lower + BELOW_EYE)), axis=0)
        return float(np.linalg.norm((below - self._cheek) * SKIN_LAB))

    @property
    def lid_distance(self) -> float:
        """From the cheek to the lid, in Lab."""
        return float(np.linalg.norm((self._lid_colour - self._cheek) * LID_LAB))

    @cached_property
    def lid_deviation(self) -> float:
        """The standard deviation of the shut lid's luma: large for hair and glasses."""
        return float((self._stretched(1.0)[self._middle] @ LUMA).std())

    def closed(self, closing: float) -> Image:
        """The pixels of `box` with the lid closed by `closing`, 0 to 1."""
        own = self._tinted(self._stretched(closing), closing)
        below_edge = self._below_top - self._travel(closing)
        begun = min(1.0, closing / LASH_CLOSING)
        own *= (1 - EDGE_DARKNESS * begun * np.clip(1 + below_edge / EDGE_REACH, 0, 1))[..., None]
        line = np.exp(-((below_edge / LASH_LINE + 0.6) ** 2)) * np.clip(
            (LASH_END - np.abs(self._u)) / 0.2, 0, 1
        )
        line = (LASH_STRENGTH * begun * line)[..., None]
        opacity = self._opacity(below_edge)[..., None]
        return to_image(self.open * (1 - opacity) + (own * (1 - line) + self._lash * line) * opacity)

    def _travel(self, closing: float) -> Floats:
        """How far the lid's edge has come down, per pixel's u."""
        begun = min(1.0, closing / LASH_CLOSING)
        overlap = OVERLAP * begun * np.clip(OVERLAP_WIDTH - EYE_U**2, 0, 1)
        fading = np.exp(-(np.maximum(np.abs(EYE_U) - 1, 0) ** 2) / CORNER_VARIANCE)
        return floats(np.interp(self._u, EYE_U, (self._lower - self._upper + overlap) * closing * fading))

    def _stretched(self, closing: float) -> Floats:
        """(H, W, 3): the skin between brow and lashes, stretched down to the lid's edge.

        Below the brow it isn't stretched at first, so that nothing jumps there, and flattest at the edge.
        """
        travel = self._travel(closing)
        begun = min(1.0, closing / LASH_CLOSING)
        fading = np.exp(-(np.maximum(np.abs(self._u) - 1, 0) ** 2) / CORNER_VARIANCE)
        lashes = LASH_HEIGHT * begun * fading
        way = np.clip((self._below_top + self._height) / (self._height + travel), 0, 1)
        stretch = (self._height + travel) / self._height
        taken = np.clip(way * stretch * (1 - way) + way * way, 0, 1)
        skin = -self._height + (self._height - lashes) * taken
        source = np.where(self._below_top < -self._height, self._below_top, skin)
        return self._frame.sample(self._picture, self._u, floats(self._eye_top + source))

    def _tinted(self, skin: Floats, closing: float) -> Floats:
        """The stretched skin with the colour of a lid: mostly the cheek's, whatever its shade."""
        lab = _lab(skin)
        target = self._lid_colour + TOWARDS_CHEEK * (self._cheek - self._lid_colour)
        target[0] -= LID_DARKNESS * self._cheek[0]
        tinted = target + PATTERN_KEPT * (lab - self._lid_colour)
        weight = self._lid_weight(closing)[..., None]
        mixed = to_image(lab * (1 - weight) + tinted * weight)
        return floats(cv2.cvtColor(mixed, cv2.COLOR_LAB2BGR))

    def _lid_weight(self, closing: float) -> Floats:
        """Where it is lid and not yet brow or temple."""
        begun = min(1.0, closing / LASH_CLOSING)
        down = np.clip(self._below_top / (self._travel(closing) + 1e-3) + 0.25, 0, 1)
        return floats(begun * down * np.clip((1.25 - np.abs(self._u)) / 0.5, 0, 1))

    def _opacity(self, below_edge: Floats) -> Floats:
        edge = np.clip(0.5 - below_edge * (self.half_width_px / EDGE_PX), 0, 1)
        sides = np.clip((1.35 - np.abs(self._u)) / 0.15, 0, 1)
        brow = np.clip((self._below_top + self._height) / 0.1, 0, 1)
        return floats(edge * sides * brow)

    @cached_property
    def _middle(self) -> Flags:
        """The middle of the shut lid."""
        way = self._below_top / (self._travel(1.0) + 1e-6)
        return (np.abs(self._u) < 0.62) & (way > 0.15) & (way < 0.85)

    @cached_property
    def _lid_colour(self) -> Floats:
        """(3,) Lab: the mean of the shut lid before it is tinted; the cheek's if there is no such pixel."""
        lid = self._stretched(1.0)[self._middle]
        return floats(_lab(lid).mean(axis=0)) if len(lid) else self._cheek

    @cached_property
    def _cheek(self) -> Floats:
        """(3,) Lab."""
        lower = floats(np.interp(SAMPLE_U, EYE_U, self._lower))
        return floats(np.median(_lab(self._frame.sample(self._picture, SAMPLE_U, lower + CHEEK)), axis=0))

    @cached_property
    def _lash(self) -> Floats:
        """(3,): the mean of the darkest pixels between the lids."""
        upper, lower = (np.interp(SAMPLE_U, EYE_U, edge) for edge in (self._upper, self._lower))
        rows = floats([upper + share * (lower - upper) for share in LASH_ROWS])
        eye = self._frame.sample(self._picture, np.broadcast_to(SAMPLE_U, rows.shape).copy(), rows)
        luma = eye @ LUMA
        return floats(eye[luma <= np.percentile(luma, LASH_PERCENTILE)].mean(axis=0))


def _lab(colours: Floats) -> Floats:
    """(..., 3) colours in 8-bit Lab, as floats."""
    flat = to_image(colours).reshape(-1, 1, 3)
    return floats(cv2.cvtColor(flat, cv2.COLOR_BGR2LAB)).reshape(colours.shape)
