"""Where closed lips meet: the mesh is off by a few pixels, the picture's dark line is not."""

from __future__ import annotations

import cv2
import numpy as np

from worker.engines.talking.drawing.frame import LocalFrame
from worker.engines.talking.numerics.arrays import Flags, Floats, Image, Indices, floats, smoothstep, to_image

#: The lips' curves are found at these places along the mouth, and a little beyond its corners.
SEAM_U = floats(np.linspace(-1.3, 1.3, 209))

#: The dark line is looked for this far above and below the mesh's, in so many rows.
SEARCH_REACH = 0.2
SEARCH_ROWS = 81
#: The darkness is blurred by this share of the half mouth width, and at least by so many pixels.
SEARCH_BLUR, MIN_BLUR_PX = 0.012, 0.6
#: Being this far from the mesh's line costs as much as `DISTANCE_COST` standard deviations of brightness.
DISTANCE, DISTANCE_COST = 0.11, 0.9
#: What a step to the next row costs; there are no longer steps.
STEP_COST = 0.12
#: Beyond the corners, at MOUTH_END, the picture counts little.
MOUTH_END, OUTER_WEIGHT = 1.02, 0.15
#: Grey levels added to the standard deviation, so that noise on a flat lip is no line.
FLAT_GREY = 4.0
LINE_SMOOTHING = 2.5

#: A parting is looked for this far below the line, in so many rows.
PARTING_REACH, PARTING_ROWS = 0.24, 60
#: Where, of the lower lip's height, its colour is taken; within these bounds below the line.
LIP_COLOUR_HEIGHT, LIP_COLOUR_BOUNDS = 0.45, (0.08, 0.24)
#: Lightness tells lip from teeth less well than hue.
LAB_WEIGHTS = floats((0.6, 1, 1))
#: From this distance in Lab, or half of the dark line's own, it isn't lip.
MIN_LAB_DISTANCE = 7.0
#: A parting ends at most this far below the mesh's lower lip, and before this |u|.
PARTING_MARGIN, PARTING_END = 0.05, 0.85
PARTING_SMOOTHING = 6.0


def darkest_line(picture: Image, frame: LocalFrame, guess: Floats) -> Floats:
    """The dark line nearest to `guess` that runs all along the mouth; both are v over SEAM_U.

    A shortest path through the rows of a strip around the guess, by dynamic programming.
    """
    rows = floats(np.linspace(-SEARCH_REACH, SEARCH_REACH, SEARCH_ROWS))
    path = shortest_path(_darkness_cost(picture, frame, guess, rows))
    line = guess + smoothed(rows[path], LINE_SMOOTHING)
    inside = smoothstep(float(SEAM_U[-1]), MOUTH_END, np.abs(SEAM_U))
    return floats(line * inside + guess * (1 - inside))


def shortest_path(cost: Floats) -> Indices:
    """The row in each column of the cheapest way through `cost` (rows, columns), one up or down per step."""
    rows, columns = cost.shape
    total = cost.copy()
    step = np.zeros((rows, columns), np.int32)
    for column in range(1, columns):
        before = np.pad(total[:, column - 1], 1, constant_values=np.inf)
        options = np.stack([before[:-2] + STEP_COST, before[1:-1], before[2:] + STEP_COST])
        step[:, column] = options.argmin(axis=0) - 1
        total[:, column] += options.min(axis=0)
    path = np.zeros(columns, np.int32)
    path[-1] = total[:, -1].argmin()
    for column in range(columns - 1, 0, -1):
        path[column - 1] = path[column] + step[path[column], column]
    return path


def parting(picture: Image, frame: LocalFrame, line: Floats, lower: Floats, lip_height: float) -> Floats:
    """The height of the strip below `line` that isn't lip; over SEAM_U, 0 where there is none.

    `lower` is the mesh's edge of the lower lip, which has `lip_height`.
    """
    below = floats(np.linspace(0, PARTING_REACH, PARTING_ROWS))
    beneath = np.maximum(lower - line, 0)
    distance = _distance_from_lip(picture, frame, line, beneath + LIP_COLOUR_HEIGHT * lip_height, below)
    middle = np.abs(SEAM_U) < PARTING_END
    threshold = max(MIN_LAB_DISTANCE, 0.5 * float(np.median(distance[0, middle])))
    within = below[:, None] < beneath + PARTING_MARGIN
    height = _lowest(floats(below), (distance > threshold) & within & middle)
    ends = np.clip(1 - np.abs(SEAM_U) ** 3, 0, 1)
    return floats(np.maximum(smoothed(height, PARTING_SMOOTHING) * ends, 0))


def smoothed(curve: Floats, sigma: float) -> Floats:
    """A Gaussian mean, `sigma` samples wide; the ends go on as they came."""
    radius = int(3 * sigma + 1)
    kernel = np.exp(-0.5 * (np.arange(-radius, radius + 1) / sigma) ** 2)
    padded = np.pad(curve, radius, mode="reflect", reflect_type="odd")
    return floats(np.convolve(padded, kernel / kernel.sum(), "valid"))


def _darkness_cost(picture: Image, frame: LocalFrame, guess: Floats, rows: Floats) -> Floats:
    """(rows, SEAM_U): low where the picture is dark and the guess near."""
    blur_px = max(MIN_BLUR_PX, frame.unit_px * SEARCH_BLUR)
    grey = cv2.GaussianBlur(floats(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)), (0, 0), blur_px)
    u, v = np.broadcast_arrays(SEAM_U, guess + rows[:, None])
    strip = frame.sample(floats(grey), u, v)
    strip = (strip - strip.mean()) / (strip.std() + FLAT_GREY)
    cost = strip + DISTANCE_COST * (rows[:, None] / DISTANCE) ** 2
    return floats(cost * np.where(np.abs(SEAM_U) <= MOUTH_END, 1, OUTER_WEIGHT))


def _distance_from_lip(
    picture: Image, frame: LocalFrame, line: Floats, lip_below: Floats, below: Floats
) -> Floats:
    """(below, SEAM_U): distance in Lab from the lip's colour, which is found `lip_below` the line."""
    u, v = np.broadcast_arrays(SEAM_U, line + below[:, None])
    strip = to_image(frame.sample(picture, u, v))
    lab = floats(cv2.cvtColor(strip, cv2.COLOR_BGR2LAB)) * LAB_WEIGHTS
    row = np.clip(lip_below, *LIP_COLOUR_BOUNDS) / PARTING_REACH * (PARTING_ROWS - 1)
    on_lip = np.minimum(row.astype(np.int32), PARTING_ROWS - 1)
    columns = np.flatnonzero(np.abs(SEAM_U) < PARTING_END)
    lip = np.median(lab[on_lip[columns], columns], axis=0)
    return floats(np.linalg.norm(lab - lip, axis=2))


def _lowest(below: Floats, found: Flags) -> Floats:
    """Per column, how far down the last flag is; 0 without one."""
    last = found.shape[0] - 1 - found[::-1].argmax(axis=0)
    return floats(np.where(found.any(axis=0), below[last], 0))
