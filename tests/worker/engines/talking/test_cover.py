"""What hides a mouth is seen, and hair, blur and bad light are not taken for it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from app.config.settings import Settings
from tests.worker.engines.talking.choices import refusal
from tests.worker.engines.talking.face_pictures import (
    Change,
    astronaut_close_up,
    blurred,
    dark,
    grey,
    mirrored,
    noisy,
    rotated,
    scaled,
)
from worker.engines.talking.face.cover import contrast, is_mouth_cut
from worker.engines.talking.face.faces import Face, FaceFinder, Refused, choose
from worker.engines.talking.face.mesh import POINTS
from worker.engines.talking.numerics.arrays import Image

#: Half the width of her mouth in the close-up, in shares of the face's width.
HALF_MOUTH = 0.23
MOUTH_MIDDLE = (13, 14)
LOWER_LIP_BOTTOM = 17
#: From the nose's root down both sides to the jaw: what a surgical mask covers.
MASKED = (197, 120, 50, 147, 58, 172, 136, 150, 149, 148, 152, 377, 378, 379, 365, 397, 288, 376, 280, 349)

#: Paints on a copy of the picture, around the place, in units of half the mouth's width in pixels.
Paint = Callable[[Image, Face, tuple[int, int], float], object]


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(Settings().face_model_dir)


@pytest.fixture(scope="module")
def picture() -> Image:
    return astronaut_close_up()


@pytest.fixture(scope="module")
def face(finder: FaceFinder, picture: Image) -> Face:
    return finder.find(picture)[0]


def block(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    x, y = middle
    corners = (int(x - 1.4 * unit), int(y - 0.8 * unit)), (int(x + 1.4 * unit), int(y + 0.8 * unit))
    cv2.rectangle(picture, *corners, (128, 128, 128), -1)


def palm(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    cv2.ellipse(picture, middle, (int(1.6 * unit), int(unit)), 0, 0, 360, (168, 188, 226), -1)


def microphone(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    foot = (middle[0] + int(unit), middle[1] + int(8 * unit))
    cv2.line(picture, middle, foot, (30, 30, 30), int(0.7 * unit))
    cv2.circle(picture, middle, int(1.2 * unit), (25, 25, 25), -1)


def fingers(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    palm(picture, face, middle, unit)
    for row in (-0.45, 0, 0.45):
        y = round(middle[1] + row * unit)
        ends = (round(middle[0] - 1.4 * unit), y), (round(middle[0] + 1.4 * unit), y)
        cv2.line(picture, *ends, (140, 158, 192), max(1, round(0.05 * unit)))


def mask(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    cv2.fillPoly(picture, [np.rint(face.points[list(MASKED), :2]).astype(np.int32)], (210, 190, 150))


def moustache(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    hairs = np.random.default_rng(3).uniform((-1.0, -0.75), (1.0, -0.3), (250, 2))
    draw_hairs(picture, middle, unit, hairs)


def beard(picture: Image, face: Face, middle: tuple[int, int], unit: float) -> None:
    moustache(picture, face, middle, unit)
    hairs = np.random.default_rng(4).uniform((-1.3, 0.4), (1.3, 1.4), (700, 2))
    draw_hairs(picture, middle, unit, hairs)


def draw_hairs(
    picture: Image, middle: tuple[int, int], unit: float, hairs: np.typing.NDArray[np.float64]
) -> None:
    for x, y in np.rint(hairs * unit + middle).astype(int):
        cv2.line(picture, (int(x), int(y)), (int(x), int(y + 0.15 * unit)), (30, 40, 60), 2)


def painted(picture: Image, face: Face, paint: Paint) -> Image:
    copy = picture.copy()
    x, y = face.points[list(MOUTH_MIDDLE), :2].mean(axis=0)
    paint(copy, face, (round(x), round(y)), HALF_MOUTH * face.width_px)
    return copy


def lips_end(face: Face) -> float:
    """The row where the lower lip ends."""
    return float(face.points[LOWER_LIP_BOTTOM, 1])


@pytest.mark.parametrize("paint", [block, palm, fingers, microphone, mask])
@pytest.mark.parametrize("change", [scaled(1), grey, scaled(0.5)], ids=["as it is", "grey", "half the size"])
def test_a_covered_mouth_does_not_speak(
    finder: FaceFinder, picture: Image, face: Face, paint: Paint, change: Change
) -> None:
    found = finder.find(change(painted(picture, face, paint)))
    assert isinstance(choose(found), Refused)


@pytest.mark.parametrize("paint", [block, palm])
def test_a_covered_face_is_still_a_face(finder: FaceFinder, picture: Image, face: Face, paint: Paint) -> None:
    assert len(finder.find(painted(picture, face, paint))) == 1


@pytest.mark.parametrize("units", [-0.25, -0.15, -0.05])
def test_a_mouth_that_the_picture_s_edge_cuts_does_not_speak(
    finder: FaceFinder, picture: Image, face: Face, units: float
) -> None:
    (found,) = finder.find(picture[: round(lips_end(face) + units * HALF_MOUTH * face.width_px)])
    assert found.mouth_cut
    assert refusal(choose([found])).code == "cut_mouth"


def test_a_mouth_that_is_whole_is_not_cut(finder: FaceFinder, picture: Image, face: Face) -> None:
    (found,) = finder.find(picture[: round(lips_end(face) + 0.2 * HALF_MOUTH * face.width_px)])
    assert not found.mouth_cut


@pytest.mark.parametrize("columns", [slice(0, 100), slice(100, 200)])
def test_a_picture_may_end_on_any_side_of_the_mouth(columns: slice) -> None:
    picture, points = np.zeros((100, 200, 3), np.uint8), np.full((POINTS, 3), 50.0)
    points[:, 0] = np.linspace(60, 140, POINTS)
    assert not is_mouth_cut(picture, points)
    assert is_mouth_cut(picture[:, columns], points - (columns.start, 0, 0))


@pytest.mark.parametrize("paint", [moustache, beard])
def test_hair_covers_nothing(finder: FaceFinder, picture: Image, face: Face, paint: Paint) -> None:
    (found,) = finder.find(painted(picture, face, paint))
    assert not found.mouth_covered


@pytest.mark.parametrize(
    "change", [scaled(1), scaled(0.3), grey, mirrored, rotated(20), dark, noisy, blurred(5)]
)
def test_a_mouth_that_shows_is_not_covered(finder: FaceFinder, picture: Image, change: Change) -> None:
    (found,) = finder.find(change(picture))
    assert not found.mouth_covered


def test_contrast_is_a_share_of_the_cheeks_lightness(picture: Image, face: Face) -> None:
    assert contrast(np.full_like(picture, 200), face.points) == 0
    assert contrast(dark(picture), face.points) == pytest.approx(contrast(picture, face.points), rel=0.1)
