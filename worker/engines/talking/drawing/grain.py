"""How grainy a picture is: film grain and sensor noise, told from its edges.

J. Immerkær, "Fast Noise Variance Estimation", Computer Vision and Image Understanding 64(2), 1996. Its mean
is a median here: hair and cloth, which are a part of the picture, then count for little.
"""

from __future__ import annotations

import cv2
import numpy as np

from worker.engines.talking.numerics.arrays import Floats, Image, floats

#: The difference of two Laplacians: blind to edges, it answers noise of deviation 1 with one of GAIN.
KERNEL: Floats = floats([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
GAIN = 6.0
#: Of normal noise, the deviation by its median absolute value.
DEVIATION_BY_MEDIAN = 1.4826


def grain_of(picture: Image) -> float:
    """The standard deviation of the noise in the picture's luma, in grey levels of 256."""
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    answer = cv2.filter2D(luma, cv2.CV_32F, KERNEL)
    return float(DEVIATION_BY_MEDIAN * np.median(np.abs(answer)) / GAIN)
