"""How the picture around a mouth moves with its lips: a layer of each lip, equal where there is no lip.

A layer says for a place of the picture how far it moves. To draw, the way back is needed: which place of the
picture a pixel shows. It is found by fixed-point steps on a coarse grid.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from worker.engines.talking.drawing.geometry import GRID_U, MouthGeometry, lookup
from worker.engines.talking.drawing.lips import LipMotion
from worker.engines.talking.numerics.arrays import Floats, floats, smoothstep

#: Fixed-point steps; each shrinks the error by the displacement's greatest slope.
STEPS = 4

#: The upper lip's motion is whole up to this share of the way to the nose, and gone there.
UPPER_HOLD = 0.22
#: Beside the mouth's middle the motion reaches further up than the nose: by this per u beyond the start, by
#: NOSE_MARGIN at most.
NOSE_SLOPE, NOSE_SLOPE_START, NOSE_MARGIN = 0.7, 0.4, 0.4
#: Beside the face, all motion fades within this.
SIDE_MARGIN = 0.5
#: The corners' shift is whole up to the first share of the way to the nose or chin, gone at the second.
UPPER_SHIFT_SPAN, LOWER_SHIFT_SPAN = (0.08, 1.0), (0.25, 0.95)
#: How far beyond the corners their shift reaches (standard deviation).
SHIFT_REACH = 0.62

#: The jaw line is never taken to be nearer than this share of the chin's distance: else its edge would fold.
MIN_JAW_SHARE = 0.7
#: From this share of the lower lip's height, lip motion passes into jaw motion,
LIP_HOLD = 0.75
#: which is whole at this share of the way to the jaw, and so much below the lip at least.
JAW_WHOLE, JAW_AFTER_LIP = 0.78, 0.2
#: The lip's share of the way to the jaw is kept within these.
LIP_SHARE_BOUNDS = (0.05, 0.6)
#: The throat follows the jaw less and less, over so many chin distances.
THROAT = 0.6
#: The jaw moves whole up to the first share of the face's side, and not at all from the second on.
JAW_SIDE_SPAN = (0.56, 1.02)

#: Rounded lips swell by a share of their height, up to a limit, and how wide (u).
PUCKER_SHARE, MAX_PUCKER, PUCKER_WIDTH = 0.15, 0.033, 0.55
#: Height of the swelling, of the lip's.
PUCKER_HEIGHT = 0.6

#: (u, v) of places in the picture -> how far (du, dv) they move.
Displacement = Callable[[Floats, Floats], tuple[Floats, Floats]]


@dataclass(frozen=True)
class Layer:
    """Which places of the picture the pixels of a grid show, if they belong to one lip. Arrays are alike."""

    u: Floats
    v: Floats
    #: Height of the place below the lip's edge; above it is negative.
    below_edge: Floats


class Warp:
    """The two layers of one mouth."""

    def __init__(self, mouth: MouthGeometry) -> None:
        self._mouth = mouth
        beside = NOSE_SLOPE * np.maximum(0, np.abs(GRID_U) - NOSE_SLOPE_START)
        self._nose = floats(mouth.nose_distance + np.minimum(beside, NOSE_MARGIN))
        self._jaw = floats(np.maximum(MIN_JAW_SHARE * mouth.chin_distance, mouth.jaw - mouth.lower))
        lip = np.clip(mouth.lower_lip_height / self._jaw, *LIP_SHARE_BOUNDS)
        self._jaw_from = floats(LIP_HOLD * lip)
        self._jaw_slope = floats(1 / (np.maximum(JAW_WHOLE, lip + JAW_AFTER_LIP) - self._jaw_from))
        side = floats(np.where(GRID_U < 0, mouth.left, mouth.right))
        self._jaw_side = 1 - smoothstep(*JAW_SIDE_SPAN, floats(np.abs(GRID_U) / side))
        self._face = 1 - smoothstep(side, floats(side + SIDE_MARGIN), np.abs(GRID_U))
        self._throat = THROAT * mouth.chin_distance

    @property
    def reach(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Between which u, and which v, there is motion."""
        side = SIDE_MARGIN
        top = float((self._mouth.upper - self._nose)[self._face > 0].min())
        bottom = float((self._mouth.lower + self._jaw)[self._face > 0].max()) + self._throat
        return (-self._mouth.left - side, self._mouth.right + side), (top, bottom)

    def upper(self, u: Floats, v: Floats, motion: LipMotion) -> Layer:
        """The upper lip's layer, at the pixels (u, v)."""
        u, v = inverted(lambda u, v: self.upper_displacement(u, v, motion), u, v)
        return Layer(u, v, v - self._mouth.upper[lookup(u)])

    def lower(self, u: Floats, v: Floats, motion: LipMotion) -> Layer:
        """The lower lip's layer, at the pixels (u, v)."""
        u, v = inverted(lambda u, v: self.lower_displacement(u, v, motion), u, v)
        return Layer(u, v, v - self._mouth.lower[lookup(u)])

    def upper_displacement(self, u: Floats, v: Floats, motion: LipMotion) -> tuple[Floats, Floats]:
        """(du, dv) of the picture's places (u, v), if they belong to the upper lip."""
        at = lookup(u)
        below = v - self._mouth.upper[at]
        way = np.clip(below / -self._nose[at], 0, 1)
        dv = motion.upper[at] * (1 - smoothstep(UPPER_HOLD, 1, way))
        if motion.rounding:
            dv -= motion.rounding * _pucker(u, below, -self._mouth.upper_lip_height)
        du = _shift(u, way, UPPER_SHIFT_SPAN, motion.corner)
        return du * self._face[at], dv * self._face[at]

    def lower_displacement(self, u: Floats, v: Floats, motion: LipMotion) -> tuple[Floats, Floats]:
        """(du, dv) of the picture's places (u, v), if they belong to the lower lip."""
        at = lookup(u)
        below = v - self._mouth.lower[at]
        way = np.clip(below / self._jaw[at], 0, 2)
        jaw = smoothstep(0, 1, (way - self._jaw_from[at]) * self._jaw_slope[at])
        dv = motion.lower[at] * (1 - jaw) + motion.jaw * self._jaw_side[at] * jaw
        dv *= 1 - smoothstep(0, self._throat, below - self._jaw[at])
        if motion.rounding:
            dv += motion.rounding * _pucker(u, below, self._mouth.lower_lip_height)
        du = _shift(u, way, LOWER_SHIFT_SPAN, motion.corner)
        return du * self._face[at], dv * self._face[at]


def inverted(displacement: Displacement, u: Floats, v: Floats) -> tuple[Floats, Floats]:
    """The places that `displacement` takes to (u, v)."""
    from_u, from_v = u, v
    for _ in range(STEPS):
        du, dv = displacement(from_u, from_v)
        from_u, from_v = u - du, v - dv
    return from_u, from_v


def _shift(u: Floats, way: Floats, span: tuple[float, float], corner: float) -> Floats:
    """du: in proportion between the corners, fading beyond them and on the way to nose or chin."""
    beyond = np.maximum(np.abs(u) - 1, 0)
    aside = np.clip(u, -1, 1) * np.exp(beyond * beyond * (-0.5 / SHIFT_REACH**2))
    return floats(corner * aside * (1 - smoothstep(*span, way)))


def _pucker(u: Floats, below: Floats, far_edge: float) -> Floats:
    """How far a lip swells: most in the middle of its far edge, `far_edge` below the near one."""
    height = PUCKER_HEIGHT * far_edge
    swelling = min(MAX_PUCKER, PUCKER_SHARE * abs(far_edge))
    return floats(swelling * np.exp(-((u / PUCKER_WIDTH) ** 2) - ((below - far_edge) / height) ** 2))
