"""A small network, run on the processor by OpenCV."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from worker.engines.talking.numerics.arrays import Image

#: Points in double precision: (n, 2) or (n, 3).
Points = npt.NDArray[np.float64]

#: OpenCV 4 has one engine; the new one that later versions prefer fails on the face models.
ENGINE: dict[str, Any] = {"engine": cv2.dnn.ENGINE_CLASSIC} if hasattr(cv2.dnn, "ENGINE_CLASSIC") else {}


class Network:
    """A TensorFlow Lite model. Not for two threads at once.

    A picture's samples become (sample - `mean`) * `scale`.
    """

    def __init__(self, model: bytes, *, scale: float, mean: float = 0) -> None:
        self._net = cv2.dnn.readNetFromTFLite(bufferModel=np.frombuffer(model, np.uint8), **ENGINE)
        self._scale = scale
        self._mean = mean

    def run(self, picture: Image, outputs: tuple[str, ...]) -> list[Points]:
        """The named outputs for a picture (blue first) of the network's own input size."""
        # The model wants red first.
        blob = cv2.dnn.blobFromImage(picture, self._scale, mean=(self._mean,) * 3, swapRB=True)
        self._net.setInput(blob)
        return [np.asarray(output, np.float64) for output in self._net.forward(outputs)]
