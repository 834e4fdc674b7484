"""The mouth's own frame of reference, and where lips, nose and jaw lie in it.

All of it is in (u, v): u runs along the mouth, -1 and 1 at its corners; v down towards the chin. The unit is
half the width of the mouth. Curves are arrays over GRID_U. Mesh points have the numbers of
MediaPipe's face mesh.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from worker.engines.talking.drawing import seam
from worker.engines.talking.drawing.frame import LocalFrame, mouth_frame
from worker.engines.talking.drawing.seam import SEAM_U, smoothed
from worker.engines.talking.numerics.arrays import Floats, Image, Indices, floats, smoothstep

INNER_UPPER_LIP = (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308)
INNER_LOWER_LIP = (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308)
UPPER_LIP_TOP, UPPER_LIP_EDGE, LOWER_LIP_EDGE, LOWER_LIP_BOTTOM = 0, 13, 14, 17
NOSE_BASE, CHIN = 2, 152
JAW = (172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397)
LEFT_JAW_ANGLE, RIGHT_JAW_ANGLE = 58, 288

#: Curves are sampled this densely, and this far out from the middle of the mouth.
GRID_SAMPLES = 2048
GRID_REACH = 2.6
GRID_U = floats(np.linspace(-GRID_REACH, GRID_REACH, GRID_SAMPLES))

#: A gap between the lips up to this is the mesh's imprecision: the mouth is closed.
MAX_CLOSED_GAP = 0.13
#: From this median height, what shows between closed lips is a real parting.
MIN_PARTED_HEIGHT = 0.035
#: How far above the dark line a parted mouth's upper edge is set.
PARTED_LIFT = 0.012
#: Standard deviation, in samples, of the smoothing of an open mouth's curves.
OPEN_SMOOTHING = 3.0
#: Between these openings a mouth goes from neutral to a toothy smile, which closes mostly by its lower lip.
SMILE_OPENINGS = (0.15, 0.35)
#: No cheek is taken to be narrower than this, whatever the mesh says of a turned head.
MIN_SIDE = 1.3


@dataclass(frozen=True)
class MouthGeometry:
    """A mouth as the picture shows it. Curves are over GRID_U; heights are positive."""

    frame: LocalFrame
    #: The inner edges of the lips; equal where the mouth is closed.
    upper: Floats
    lower: Floats
    #: Where the lips meet when the mouth closes.
    closed: Floats
    #: The greatest height between the lips; 0 for a closed mouth.
    opening: float
    upper_lip_height: float
    lower_lip_height: float
    #: From the upper lip's edge up to the base of the nose, and from the lower's down to the chin.
    nose_distance: float
    chin_distance: float
    #: The outline of the jaw.
    jaw: Floats
    #: How far the face reaches to either side of the mouth's middle.
    left: float
    right: float
    #: How far the head is turned, without its sign.
    yaw_degrees: float

    @property
    def is_open(self) -> bool:
        return self.opening > 0

    @property
    def smile(self) -> float:
        """How far the middle of the closed mouth hangs below its corners, at least 0."""
        return max(0.0, float(np.interp(0, GRID_U, self.closed)))


def mouth_geometry(picture: Image, points: Floats, yaw_degrees: float) -> MouthGeometry:
    """Reads the mouth out of the mesh and the picture.

    Args:
        picture: (H, W, 3), blue first.
        points: (468, 3) mesh points in pixels.
        yaw_degrees: how far the head is turned.
    """
    frame = mouth_frame(points)
    local = frame.to_local(points[:, :2])
    lip_height = _between(local[LOWER_LIP_BOTTOM, 1] - local[LOWER_LIP_EDGE, 1], 0.10, 0.60)
    upper, lower = _lip_edges(picture, frame, local, lip_height)
    opening = float((lower - upper).max())
    return MouthGeometry(
        frame=frame,
        upper=upper,
        lower=lower,
        closed=closing_curve(upper, lower),
        opening=opening,
        upper_lip_height=_between(local[UPPER_LIP_EDGE, 1] - local[UPPER_LIP_TOP, 1], 0.08, 0.45),
        lower_lip_height=lip_height,
        nose_distance=_between(local[UPPER_LIP_EDGE, 1] - local[NOSE_BASE, 1], 0.25, 1.2),
        chin_distance=_between(local[CHIN, 1] - local[LOWER_LIP_EDGE, 1], 0.5, 2.5),
        jaw=curve_through(local[list(JAW)], GRID_U),
        left=max(MIN_SIDE, abs(float(local[LEFT_JAW_ANGLE, 0]))),
        right=max(MIN_SIDE, abs(float(local[RIGHT_JAW_ANGLE, 0]))),
        yaw_degrees=abs(yaw_degrees),
    )


def closing_curve(upper: Floats, lower: Floats) -> Floats:
    """The line between two lips on which they meet."""
    lower_share = 0.5 + 0.25 * float(smoothstep(*SMILE_OPENINGS, float((lower - upper).max())))
    return floats(lower_share * upper + (1 - lower_share) * lower)


def curve_through(points: Floats, u: Floats) -> Floats:
    """v at each of `u`, on the straight lines between (n, 2) points; level beyond the outermost."""
    order = np.argsort(points[:, 0])
    return floats(np.interp(u, points[order, 0], points[order, 1]))


def lookup(u: Floats) -> Indices:
    """The index into GRID_U nearest to each u; u beyond its reach gets its ends."""
    scale = np.float32((GRID_SAMPLES - 1) / (2 * GRID_REACH))
    nearest = np.clip((u + np.float32(GRID_REACH)) * scale + np.float32(0.5), 0, GRID_SAMPLES - 1)
    return np.asarray(nearest, np.int32)


def _lip_edges(picture: Image, frame: LocalFrame, local: Floats, lip_height: float) -> tuple[Floats, Floats]:
    """The inner edges of the upper and the lower lip, over GRID_U."""
    upper, lower = _mesh_edge(local, INNER_UPPER_LIP), _mesh_edge(local, INNER_LOWER_LIP)
    lower = np.maximum(lower, upper)
    if float((lower - upper)[np.abs(SEAM_U) < 0.5].max()) <= MAX_CLOSED_GAP:
        upper, lower = _closed_edges(picture, frame, upper, lower, lip_height)
    else:
        upper, lower = smoothed(upper, OPEN_SMOOTHING), smoothed(lower, OPEN_SMOOTHING)
    upper = floats(np.interp(GRID_U, SEAM_U, upper))
    return upper, np.maximum(upper, floats(np.interp(GRID_U, SEAM_U, lower)))


def _closed_edges(
    picture: Image, frame: LocalFrame, upper: Floats, lower: Floats, lip_height: float
) -> tuple[Floats, Floats]:
    line = seam.darkest_line(picture, frame, floats((upper + lower) / 2))
    strip = seam.parting(picture, frame, line, lower, lip_height)
    if float(np.median(strip[np.abs(SEAM_U) < 0.6])) <= MIN_PARTED_HEIGHT:
        return line, line
    return floats(line - PARTED_LIFT * (np.abs(SEAM_U) < 1)), floats(line + strip)


def _mesh_edge(local: Floats, numbers: tuple[int, ...]) -> Floats:
    """The curve through these mesh points, over SEAM_U, with its ends in the corners of the mouth."""
    edge = local[list(numbers)].copy()
    edge[0], edge[-1] = (-1, 0), (1, 0)
    return curve_through(edge, SEAM_U)


def _between(value: float, least: float, most: float) -> float:
    return float(np.clip(value, least, most))
