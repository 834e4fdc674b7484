"""What the mouth does for each phone: targets as data, in half mouth widths.

The phones are those of the CMU dictionary (ARPAbet). The grouping follows what lipreaders can tell apart
(Fisher 1968); the figures were set by eye and ear.
"""

from __future__ import annotations

from typing import NamedTuple


class Shape(NamedTuple):
    """A target of the mouth.

    `aperture` is the height between the lips; `corner` how far the corners move, outwards if positive,
    inwards (rounded) if negative; both in half mouth widths. `weight` is how much its neighbours must yield.
    `bite` (lower lip under the teeth) and `tongue` (raised and seen) are 0 or 1.
    """

    aperture: float
    corner: float
    weight: float = 1.0
    bite: float = 0.0
    tongue: float = 0.0


#: Vowels; a diphthong has two targets.
VOWELS: dict[str, tuple[Shape, ...]] = {
    "AA": (Shape(0.60, -0.02),),
    "AE": (Shape(0.54, 0.06),),
    "AH": (Shape(0.40, 0.00),),
    "AO": (Shape(0.50, -0.13),),
    "AW": (Shape(0.56, -0.02), Shape(0.24, -0.22)),
    "AY": (Shape(0.58, 0.00), Shape(0.26, 0.07)),
    "EH": (Shape(0.44, 0.05),),
    "ER": (Shape(0.27, -0.11),),
    "EY": (Shape(0.38, 0.07), Shape(0.24, 0.10)),
    "IH": (Shape(0.27, 0.06),),
    "IY": (Shape(0.22, 0.11),),
    "OW": (Shape(0.42, -0.17), Shape(0.20, -0.25)),
    "OY": (Shape(0.42, -0.20), Shape(0.25, 0.06)),
    "UH": (Shape(0.26, -0.14),),
    "UW": (Shape(0.17, -0.27),),
}

#: The share of a diphthong that its first target has.
DIPHTHONG_SHARE = 0.55

CONSONANTS: dict[str, Shape] = {
    "B": Shape(0.00, 0.00, 3.0),
    "CH": Shape(0.16, -0.12, 1.4),
    "D": Shape(0.16, 0.02, 0.6, tongue=1),
    "DH": Shape(0.18, 0.02, 0.7, tongue=1),
    "F": Shape(0.07, 0.02, 2.5, bite=1),
    "G": Shape(0.22, 0.00, 0.4),
    "HH": Shape(0.30, 0.00, 0.15),
    "JH": Shape(0.16, -0.12, 1.4),
    "K": Shape(0.22, 0.00, 0.4),
    "L": Shape(0.26, 0.00, 0.5, tongue=1),
    "M": Shape(0.00, 0.00, 3.0),
    "N": Shape(0.17, 0.02, 0.5, tongue=1),
    "NG": Shape(0.20, 0.02, 0.5),
    "P": Shape(0.00, 0.00, 3.0),
    "R": Shape(0.19, -0.14, 0.8),
    "S": Shape(0.12, 0.05, 1.4),
    "SH": Shape(0.18, -0.13, 1.4),
    "T": Shape(0.15, 0.02, 0.6, tongue=1),
    "TH": Shape(0.17, 0.02, 0.9, tongue=1),
    "V": Shape(0.07, 0.02, 2.5, bite=1),
    "W": Shape(0.11, -0.27, 1.6),
    "Y": Shape(0.19, 0.08, 0.8),
    "Z": Shape(0.13, 0.05, 1.3),
    "ZH": Shape(0.18, -0.13, 1.3),
}

#: The lips must meet.
BILABIALS = frozenset({"B", "M", "P"})

#: The mouth at rest, in a pause.
REST = Shape(0.00, 0.00, 0.6)
#: A gap inside speech: some stop's closure, not a pause.
GAP = Shape(0.07, 0.00, 0.4)
MAX_GAP_SECONDS = 0.13
