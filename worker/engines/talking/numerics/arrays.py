"""The kinds of array the engine works on.

Pictures are (height, width, 3) in OpenCV's channel order, blue first, unless a docstring says otherwise.
Coordinates are (x, y) in pixels with the centre of the first pixel at (0, 0).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

#: 8-bit samples: a picture, or one plane of it.
Image = npt.NDArray[np.uint8]
#: Geometry, maps and tracks: single precision everywhere, for speed.
Floats = npt.NDArray[np.float32]
#: Floats of either precision, as they come from elsewhere.
AnyFloats = npt.NDArray[np.float32] | npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Indices = npt.NDArray[np.int32]

#: Rec. 601 luma of blue, green, red.
LUMA: Floats = np.array((0.114, 0.587, 0.299), np.float32)


def floats(values: Any) -> Floats:
    """The values in single precision, copied only if they aren't yet."""
    return np.asarray(values, dtype=np.float32)


def to_image(values: Any) -> Image:
    """The values rounded and clipped to 8 bits."""
    return np.asarray(np.clip(np.rint(values), 0, 255), dtype=np.uint8)


def smoothstep(start: float | Floats, end: float | Floats, x: float | Floats) -> Floats:
    """0 at `start`, 1 at `end`, with level ends between them (3t^2 - 2t^3); `start` may lie above `end`."""
    t = np.minimum(np.maximum((floats(x) - start) / (end - start), 0), 1)
    return floats(t * t * (3 - 2 * t))
