"""A trajectory: the smoothest way past weighted targets, as tissue moves.

It minimises the sum of weight * (x - target)^2 + stiffness * (x'')^2, the discrete form of a smoothing spline
(Whittaker 1923, "On a new method of graduation"); Edge and Maddock ("Constraint-based synthesis of visual
speech", 2004) move a mouth so. A target with a great weight is a constraint.
"""

from __future__ import annotations

import numpy as np

from worker.engines.talking.numerics.arrays import Floats, floats

#: The weight of a target that must be met.
HARD = 30.0


def smoothest(target: Floats, weight: Floats, stiffness: float) -> Floats:
    """Passes one target with one weight (above 0) per sample, in time that grows as its length."""
    if len(target) < 3:
        return floats(target)
    diagonals = _diagonals(len(target), stiffness)
    diagonals[0] += weight
    wanted = np.asarray(target, np.float64) * weight
    return floats(_solved(*(each.tolist() for each in (*diagonals, wanted))))


def _diagonals(count: int, stiffness: float) -> np.typing.NDArray[np.float64]:
    """The diagonal and the two beside it of stiffness * D'D, D being second differences; (3, count)."""
    found = np.zeros((3, count))
    for first, coefficient in enumerate((1.0, -2.0, 1.0)):
        found[0, first : count - 2 + first] += stiffness * coefficient**2
    found[1, : count - 2] -= 2 * stiffness
    found[1, 1 : count - 1] -= 2 * stiffness
    found[2, : count - 2] += stiffness
    return found


def _solved(
    diagonal: list[float], beside: list[float], beyond: list[float], wanted: list[float]
) -> list[float]:
    """x of a symmetric positive definite pentadiagonal system, by its LDL' factors."""
    pivots, nearer, farther, x = [], [], [], []
    d1 = d2 = l1 = l2 = m2 = y1 = y2 = 0.0
    for a, b, c, y in zip(diagonal, beside, beyond, wanted, strict=True):
        pivot = a - d1 * l1 * l1 - d2 * m2 * m2
        near, far = (b - d1 * l1 * l2) / pivot, c / pivot
        y -= l1 * y1 + m2 * y2
        pivots.append(pivot)
        nearer.append(near)
        farther.append(far)
        x.append(y)
        d2, d1, m2, l2, l1, y2, y1 = d1, pivot, l2, far, near, y1, y
    after = later = 0.0
    for index in range(len(x) - 1, -1, -1):
        x[index] = x[index] / pivots[index] - nearer[index] * after - farther[index] * later
        later, after = after, x[index]
    return x
