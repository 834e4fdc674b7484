"""Grain is measured, and costs no more than it should."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.engines.talking.portraits import astronaut
from worker.engines.talking.chunk import QUANTISER, quantiser_for
from worker.engines.talking.drawing.grain import grain_of
from worker.engines.talking.numerics.arrays import Image, to_image


def grainy(picture: Image, deviation: float) -> Image:
    """The picture with noise of that deviation in its luma."""
    noise = np.random.default_rng(7).normal(0, deviation, picture.shape[:2])
    return to_image(picture + noise[:, :, None])


@pytest.mark.parametrize("deviation", [2, 4, 6, 10])
def test_the_noise_of_a_flat_picture_is_its_grain(deviation: float) -> None:
    flat = np.full((300, 400, 3), 128, np.uint8)

    assert grain_of(grainy(flat, deviation)) == pytest.approx(deviation, rel=0.1)


def test_edges_hair_and_cloth_are_no_grain() -> None:
    board = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((20, 20))) * 255

    assert grain_of(np.dstack([board] * 3).astype(np.uint8)) < 0.5
    assert quantiser_for(grain_of(astronaut().picture)) == QUANTISER


def test_grain_on_a_portrait_is_found_too() -> None:
    soft = cv2.resize(astronaut().picture, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)

    assert grain_of(grainy(np.asarray(soft, np.uint8), 6)) == pytest.approx(6, rel=0.15)


def test_more_grain_never_gets_a_finer_quantiser_and_there_is_an_end_to_it() -> None:
    quantisers = [quantiser_for(grain) for grain in np.arange(0, 30, 0.25)]

    assert quantisers == sorted(quantisers)
    assert (quantisers[0], quantisers[-1]) == (QUANTISER, QUANTISER + 5)
