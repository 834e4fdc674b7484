"""What is seen between the lips: the picture's own teeth or drawn ones that suit the shape."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.engines.talking import portraits
from tests.worker.engines.talking.portraits import Portrait
from worker.engines.talking.drawing.interior import Depths, Glaze, Interior
from worker.engines.talking.drawing.lips import ROUNDEST, SMILE_NARROWING, WIDEST, MouthShape
from worker.engines.talking.drawing.mouth import Mouth
from worker.engines.talking.drawing.palette import palette
from worker.engines.talking.numerics.arrays import LUMA, Floats, floats

BLACK, RED, WHITE = floats((0, 0, 0)), floats((0, 0, 200)), floats((255, 255, 255))


def painted(portrait: Portrait, shape: MouthShape) -> Floats:
    """The mouth's box, painted as if it was open from top to bottom."""
    mouth = Mouth(portrait.picture, portrait.points, 0)
    interior = Interior(
        portrait.picture, mouth.geometry, palette(portrait.picture, mouth.geometry), mouth.box
    )
    _, v = mouth.geometry.frame.pixels(mouth.box)
    return interior.paint(mouth.box, Depths(floats(v + 0.2), floats(0.9 - v)), shape)


def bright_px(portrait: Portrait, shape: MouthShape) -> int:
    return int((painted(portrait, shape) @ LUMA > 150).sum())


def test_what_lies_before_hides_what_lies_behind() -> None:
    glaze = Glaze((1, 3))
    glaze.lay(floats([[1, 0.5, 0]]), RED)
    glaze.lay(floats([[1, 1, 0]]), WHITE)

    assert glaze.finished(BLACK).tolist() == [[[0, 0, 200], [127.5, 127.5, 227.5], [0, 0, 0]]]


def test_round_lips_cover_the_teeth_and_spread_ones_bare_them() -> None:
    areas = [bright_px(portraits.closed_mouth(), MouthShape(0.3, corner)) for corner in (ROUNDEST, 0, WIDEST)]

    assert areas == sorted(set(areas))


def test_pursed_lips_cover_the_picture_s_own_teeth() -> None:
    """A smile that narrows a little as it opens isn't pursed."""
    narrowed, neutral, pursed = (
        int((painted(portraits.close_up(), MouthShape(0.3, corner)) @ LUMA > 100).sum())
        for corner in (-SMILE_NARROWING, 0, ROUNDEST)
    )

    assert narrowed == pytest.approx(neutral, rel=0.01)
    assert pursed < 0.5 * neutral


def test_the_shine_of_lips_is_not_taken_for_teeth() -> None:
    portrait = portraits.close_up()
    mouth = Mouth(portrait.picture, portrait.points, 0).geometry
    box = cv2.boundingRect(np.rint(portrait.points[[61, 291, 13, 14], :2]).astype(np.int32))
    lips_only = portrait.picture.copy()
    lips_only[box[1] : box[1] + box[3], box[0] : box[0] + box[2]] = (115, 135, 215)

    assert palette(portrait.picture, mouth).shows_teeth
    assert not palette(lips_only, mouth).shows_teeth


def test_the_tongue_is_redder_and_higher_when_it_is_raised() -> None:
    lowered, raised = (
        painted(portraits.closed_mouth(), MouthShape(0.5, 0, tongue=tongue)) for tongue in (0, 1)
    )

    assert (raised[..., 2] - raised[..., 0]).mean() > (lowered[..., 2] - lowered[..., 0]).mean()


def test_the_teeth_of_a_smile_stay_where_the_picture_has_them() -> None:
    portrait = portraits.close_up()
    mouth = Mouth(portrait.picture, portrait.points, 0)
    frame = mouth.geometry.frame
    x, y = frame.to_picture(floats((0.05, 0.32))).round().astype(int)
    canvas = portrait.picture.copy()

    mouth.draw(canvas, 0.6)

    assert np.abs(canvas[y, x].astype(int) - portrait.picture[y, x]).max() < 12
    assert canvas[y, x].min() > 180


def test_a_closed_mouth_gets_teeth_about_as_light_as_the_skin() -> None:
    portrait = portraits.closed_mouth()
    colours = palette(portrait.picture, Mouth(portrait.picture, portrait.points, 0).geometry)

    assert not colours.shows_teeth
    assert 150 < colours.teeth @ LUMA < 230
    assert colours.cavity @ LUMA < colours.tongue @ LUMA < colours.teeth @ LUMA


@pytest.mark.parametrize("aperture", [0.1, 0.3, 0.6])
def test_a_grey_picture_stays_grey(aperture: float) -> None:
    portrait = portraits.grey()
    canvas = portrait.picture.copy()

    Mouth(portrait.picture, portrait.points, 0).draw(canvas, aperture)

    assert int(np.ptp(canvas.astype(int), axis=2).max()) <= 1
