"""How the lips and the jaw of a mouth lie for a shape of speech."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.engines.talking.drawing.geometry import GRID_U, MouthGeometry
from worker.engines.talking.numerics.arrays import Floats, floats, smoothstep

#: Corner shifts of the most rounded and the most spread mouth (half mouth widths).
ROUNDEST, WIDEST = -0.27, 0.11

#: Of the opening, the upper lip takes this share, and less below a near nose: this share of its distance.
UPPER_SHARE, NOSE_SHARE = 0.27, 0.45
#: The outline of the opening is (1 - |u|^n)^m: n grows by the second with spreading, m shrinks when rounded.
OUTLINE_POWER, SPREAD_POWER, ROUND_POWER = 2.0, 1.2, 0.38
#: Less rounded lips aren't pursed, and more rounded ones wholly.
PURSED_ROUNDINGS = (0.3, 1.0)
#: Pursed lips meet before the corners, by this share of the mouth's half; those of a smile, which leaves its
#: corners where the cheeks' folds hold them, by the second.
PURSED_NARROWING, SMILE_PURSED_NARROWING = 0.08, 0.30
#: An opening mouth's corners sink by this share of the aperture, of which the lips' middle shares less.
CORNER_SINK, UPPER_SINK, OUTER_SINK = 0.10, 0.5, 0.75
#: How far beyond the corners their sinking reaches.
SINK_REACH = 0.45
#: From the first to the second |u| the lips' own movement passes into that of the corners.
CORNER_BLEND = (0.86, 1.0)
#: With a bite the lower lip rises to the teeth, and the upper one with it.
BITE_UPPER, BITE_LOWER = 0.05, 0.03

#: The jaw follows the lower lip by this share, from a closed and from an open mouth.
JAW_SHARE, OPEN_JAW_SHARE = 0.74, 0.62
#: It sinks by this share of the chin's distance at most, or the throat would fold.
MAX_JAW_SINK = 0.28
#: Of an open mouth's opening, this much is reached without the jaw.
JAW_SLACK = 0.45
#: Beyond this opening the picture's own jaw is lowered; it rises by its share of what the lips leave of that.
LOWERED_JAW_OPENING = 0.40

#: A smile relaxes in speech: its corners sink by these shares of their height, speaking and when rounded.
RELAXED_SPEAKING, RELAXED_ROUNDED = 0.18, 0.55
#: The aperture at which a mouth counts as speaking.
SPEAKING_APERTURE = 0.15
#: Openings and turned heads (degrees) that take their share off the corners' and the lips' movement.
SHAPE_LOSS_OPEN, SHAPE_OPENINGS = 0.25, (0.15, 0.4)
SHAPE_LOSS_TURNED, SHAPE_YAWS = 0.8, (18.0, 32.0)
SIZE_LOSS_OPEN, SIZE_OPENINGS = 0.12, (0.15, 0.3)
SIZE_LOSS_TURNED, SIZE_YAWS = 0.25, (22.0, 38.0)
#: A smile's corners come in by so much once the mouth is a quarter open.
SMILE_NARROWING, TOOTHY_OPENING = 0.07, 0.2


@dataclass(frozen=True)
class MouthShape:
    """What a frame's sound asks of a mouth.

    aperture: 0 shut to about 0.65 wide open, in half mouth widths; corner: from ROUNDEST to WIDEST;
    bite, tongue: 0 to 1, the lower lip at the teeth and the tongue at the gum;
    rest: 1 for the picture's own mouth, 0 for speech.
    """

    aperture: float = 0.0
    corner: float = 0.0
    bite: float = 0.0
    tongue: float = 0.0
    rest: float = 0.0

    @property
    def rounding(self) -> float:
        return float(np.clip(self.corner / ROUNDEST, 0, 1))

    @property
    def pursing(self) -> float:
        """Of rounding, what is more than a smile's own narrowing."""
        return float(smoothstep(*PURSED_ROUNDINGS, self.rounding))

    @property
    def spreading(self) -> float:
        return float(np.clip(self.corner / WIDEST, 0, 1))

    @property
    def is_shut(self) -> bool:
        return self.aperture <= 0.004 and abs(self.corner) < 0.004 and self.bite < 0.01


@dataclass(frozen=True)
class LipMotion:
    """How far the picture's lips move. Curves are over GRID_U, downward, in half mouth widths."""

    upper: Floats
    lower: Floats
    jaw: float
    #: How far the corners move outward.
    corner: float
    rounding: float


def suited(shape: MouthShape, mouth: MouthGeometry) -> MouthShape:
    """The shape as this mouth can do it without folds: less where it smiles or is seen from the side."""
    size = _left(SIZE_LOSS_OPEN, SIZE_OPENINGS, mouth.opening)
    size *= _left(SIZE_LOSS_TURNED, SIZE_YAWS, mouth.yaw_degrees)
    reach = _left(SHAPE_LOSS_OPEN, SHAPE_OPENINGS, mouth.opening)
    reach *= _left(SHAPE_LOSS_TURNED, SHAPE_YAWS, mouth.yaw_degrees)
    aperture, corner = shape.aperture * size, shape.corner * reach
    if mouth.opening > TOOTHY_OPENING:
        corner -= SMILE_NARROWING * min(1.0, 4 * aperture)
    return MouthShape(aperture, corner, shape.bite, shape.tongue, shape.rest)


def lip_motion(mouth: MouthGeometry, shape: MouthShape) -> LipMotion:
    """Where a suited shape takes the lips from where the picture has them."""
    moved = 1 - shape.rest
    upper_target, lower_target = _targets(mouth, shape)
    corner = moved * (OUTER_SINK * CORNER_SINK * shape.aperture * _sink_falloff() + _relaxing(mouth, shape))
    return LipMotion(
        upper=_joined(moved * (upper_target - mouth.upper), corner),
        lower=_joined(moved * (lower_target - mouth.lower), corner),
        jaw=moved * _jaw(mouth, shape.aperture),
        corner=moved * shape.corner,
        rounding=moved * shape.rounding,
    )


def _targets(mouth: MouthGeometry, shape: MouthShape) -> tuple[Floats, Floats]:
    """Where the lips' inner edges are to be."""
    power = OUTLINE_POWER + SPREAD_POWER * shape.spreading
    inside = np.clip(1 - np.abs(GRID_U / _half_width(mouth, shape)) ** power, 0, 1)
    outline = inside ** (1 - ROUND_POWER * shape.rounding)
    sink = CORNER_SINK * shape.aperture
    middle = mouth.closed + _relaxing(mouth, shape)
    upper_share = _upper_share(mouth)
    upper_opening = upper_share * shape.aperture + BITE_UPPER * shape.bite
    lower_opening = (1 - upper_share) * shape.aperture - BITE_LOWER * shape.bite
    return (
        floats(middle - upper_opening * outline + sink * (1 - (1 - UPPER_SINK) * outline)),
        floats(middle + lower_opening * outline + sink),
    )


def _half_width(mouth: MouthGeometry, shape: MouthShape) -> float:
    """The |u| at which the lips meet."""
    smile = float(smoothstep(*SHAPE_OPENINGS, mouth.opening))
    return 1 - shape.pursing * (PURSED_NARROWING + (SMILE_PURSED_NARROWING - PURSED_NARROWING) * smile)


def _relaxing(mouth: MouthGeometry, shape: MouthShape) -> Floats:
    """How far a smile's corners sink towards the middle of the mouth, over GRID_U."""
    speaking = float(smoothstep(0, SPEAKING_APERTURE, shape.aperture))
    share = RELAXED_SPEAKING * speaking + RELAXED_ROUNDED * shape.rounding
    return floats(mouth.smile * share * np.minimum(GRID_U**2, 1) * _sink_falloff())


def _sink_falloff() -> Floats:
    return floats(np.exp(-((np.clip(np.abs(GRID_U) - 1, 0, None) / SINK_REACH) ** 2)))


def _joined(lip: Floats, corner: Floats) -> Floats:
    """The lip's own motion between the corners, the corners' beyond them."""
    outside = smoothstep(*CORNER_BLEND, np.abs(GRID_U))
    return floats(lip * (1 - outside) + corner * outside)


def _jaw(mouth: MouthGeometry, aperture: float) -> float:
    lowered = (1 - _upper_share(mouth)) * aperture
    sink = JAW_SHARE * lowered
    if mouth.is_open:
        rise = max(0.0, mouth.opening - LOWERED_JAW_OPENING - lowered)
        sink = OPEN_JAW_SHARE * (max(0.0, lowered - JAW_SLACK * mouth.opening) - rise)
    return min(sink, MAX_JAW_SINK * mouth.chin_distance)


def _upper_share(mouth: MouthGeometry) -> float:
    return min(UPPER_SHARE, NOSE_SHARE * mouth.nose_distance)


def _left(loss: float, span: tuple[float, float], value: float) -> float:
    """1 below `span`, 1 - `loss` above it."""
    return 1 - loss * float(smoothstep(*span, value))
