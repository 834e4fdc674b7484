"""RGB to the video's own colours: Y'CbCr by BT.709 in limited range, with chroma at half size.

OpenCV's own conversion to I420 is that of BT.601, which would turn faces green in a video tagged BT.709.
"""

from __future__ import annotations

import cv2
import numpy as np

from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.drawing.head import i420_planes
from worker.engines.talking.numerics.arrays import Floats, Image, floats

#: ITU-R BT.709-6, 3.2: the weights of red and blue in luma.
RED, BLUE = 0.2126, 0.0722
#: ITU-R BT.709-6, 3.4, at 8 bits: steps from black to white, steps of chroma, and their zeros.
LUMA_STEPS, CHROMA_STEPS, BLACK, GREY = 219, 224, 16, 128


def _matrix() -> Floats:
    """(3, 4): blue, green, red and 1, in 0 to 255, to Y, Cb, Cr."""
    luma = np.array([BLUE, 1 - RED - BLUE, RED])
    blue, red = np.array([1, 0, 0]), np.array([0, 0, 1])
    rows = (
        np.append(LUMA_STEPS / 255 * luma, BLACK),
        np.append(CHROMA_STEPS / 255 * (blue - luma) / (2 * (1 - BLUE)), GREY),
        np.append(CHROMA_STEPS / 255 * (red - luma) / (2 * (1 - RED)), GREY),
    )
    return floats(rows)


MATRIX = _matrix()


def convert(picture: Image, planes: Image, box: Box) -> None:
    """Writes a box of `picture` (H, W, 3) into `planes`, contiguous I420 (H * 3 // 2, W).

    The box's coordinates are even; nothing else of `planes` is written.
    """
    height, width = picture.shape[:2]
    luma, *chroma = i420_planes(planes, width, height)
    converted = cv2.transform(picture[box.slices], MATRIX)
    luma[box.slices] = converted[..., 0]
    half = (box.width // 2, box.height // 2)
    small = cv2.resize(converted, half, interpolation=cv2.INTER_AREA)
    for plane, channel in zip(chroma, (1, 2), strict=True):
        plane[box.halved().slices] = small[..., channel]
