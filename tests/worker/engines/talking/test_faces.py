"""The astronaut is found however she is shown, what is no face is refused, and the refusal says why."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.config.settings import Settings
from tests.support.paths import PORTRAIT
from tests.worker.engines.talking.choices import codes, refusal
from tests.worker.engines.talking.face_pictures import (
    Change,
    astronaut_close_up,
    beside_herself,
    blurred,
    cat,
    close_up,
    clouds,
    coffee_cup,
    dark,
    grey,
    in_a_tall_picture,
    landscape,
    mirrored,
    no_picture,
    noisy,
    pixels,
    rotated,
    scaled,
    smiley,
    texture,
)
from worker.engines.talking.face.faces import LEFT_EAR, RIGHT_EAR, Accepted, Face, FaceFinder, choose
from worker.engines.talking.face.mesh import POINTS, around, tilt_radians
from worker.engines.talking.face.models import ModelsMissing
from worker.engines.talking.numerics.arrays import Image

#: Around the lips, from the person's right corner over the upper lip and back.
OUTER_LIPS = [61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291, 375, 321, 405, 314, 17, 84, 181, 91, 146]
CHEEKS = [50, 205, 280, 425]
NOSE_TIP = 1


@pytest.fixture(scope="module")
def finder() -> FaceFinder:
    return FaceFinder(Settings().face_model_dir)


@pytest.fixture(scope="module")
def astronaut() -> Image:
    return pixels(cv2.imread(str(PORTRAIT)))


@pytest.fixture(scope="module")
def her_face(finder: FaceFinder, astronaut: Image) -> Face:
    return finder.find(astronaut)[0]


@pytest.mark.parametrize(
    "change",
    [
        pixels, grey, mirrored, rotated(30), rotated(-30), scaled(0.5), scaled(2), scaled(3.75), dark, noisy,
        close_up, in_a_tall_picture,
    ],
)  # fmt: skip
def test_the_astronaut_is_found_however_she_is_shown(
    finder: FaceFinder, astronaut: Image, change: Change
) -> None:
    (face,) = finder.find(change(astronaut))
    assert face.score >= 0.86
    assert face.points.shape == (POINTS, 3)
    assert abs(face.yaw_degrees) < 5
    assert isinstance(choose([face]), Accepted)


@pytest.mark.parametrize("factor", [0.5, 2, 3.75])
def test_the_mesh_stays_on_the_same_places_in_every_size(
    finder: FaceFinder, astronaut: Image, her_face: Face, factor: float
) -> None:
    (face,) = finder.find(scaled(factor)(astronaut))
    in_her_pixels = (face.points[:, :2] + 0.5) / factor - 0.5
    apart_px = np.hypot(*(in_her_pixels - her_face.points[:, :2]).T)
    deeper_px = np.abs(face.points[:, 2] / factor - her_face.points[:, 2])
    assert np.median(apart_px) < 0.015 * her_face.width_px
    assert np.median(deeper_px) < 0.03 * her_face.width_px


def test_a_mirrored_picture_has_the_mirrored_mesh(
    finder: FaceFinder, astronaut: Image, her_face: Face
) -> None:
    (face,) = finder.find(mirrored(astronaut))
    nose_px, mirrored_nose_px = her_face.points[NOSE_TIP, 0], face.points[NOSE_TIP, 0]
    assert astronaut.shape[1] - 1 - mirrored_nose_px == pytest.approx(nose_px, abs=2)


def test_the_mesh_sits_on_the_lips(astronaut: Image, her_face: Face) -> None:
    redness = cv2.cvtColor(astronaut, cv2.COLOR_BGR2LAB)[..., 1]
    lips = np.zeros(astronaut.shape[:2], np.uint8)
    cv2.fillPoly(lips, [np.rint(her_face.points[OUTER_LIPS, :2]).astype(np.int32)], (255,))
    x, y = np.rint(her_face.points[CHEEKS, :2]).astype(int).T
    above = np.roll(lips, -int(lips.any(axis=1).sum()), axis=0)
    assert redness[lips > 0].mean() > redness[y, x].mean() + 3
    assert redness[lips > 0].mean() > redness[above > 0].mean() + 1


def test_a_face_that_is_not_sure_to_be_one_is_not_found(finder: FaceFinder) -> None:
    assert len(finder.find(blurred(6)(astronaut_close_up()))) == 1
    assert finder.find(blurred(10)(astronaut_close_up())) == []


def test_the_nose_is_nearer_than_the_ears(her_face: Face) -> None:
    assert her_face.points[NOSE_TIP, 2] < her_face.points[[RIGHT_EAR, LEFT_EAR], 2].min()


def test_the_larger_of_two_faces_speaks(finder: FaceFinder, astronaut: Image) -> None:
    faces = finder.find(beside_herself(astronaut))
    choice = choose(faces)
    assert [round(face.width_px, -1) for face in faces] == [190, 90]
    assert isinstance(choice, Accepted)
    assert choice.face is faces[0]
    assert codes(choice) == ["multiple_faces"]


@pytest.mark.parametrize(
    ("factor", "expected"), [(1, []), (0.5, ["small_face"])], ids=["as she is", "half the size"]
)
def test_a_small_face_speaks_with_a_notice(
    finder: FaceFinder, astronaut: Image, factor: float, expected: list[str]
) -> None:
    assert codes(choose(finder.find(scaled(factor)(astronaut)))) == expected


def test_a_face_too_small_to_speak_is_refused(finder: FaceFinder, astronaut: Image) -> None:
    refused = refusal(choose(finder.find(scaled(0.3)(astronaut))))
    assert refused.code == "no_face"
    assert "too small" in refused.sentence


@pytest.mark.parametrize("picture", [no_picture, texture, clouds, coffee_cup, landscape, smiley, cat])
def test_what_is_no_face_is_refused(finder: FaceFinder, picture: Callable[[], Image]) -> None:
    refused = refusal(choose(finder.find(picture())))
    assert refused.code == "no_face"
    assert "No face was found" in refused.sentence


@pytest.mark.parametrize("size", [(2, 2), (16, 1920), (1920, 16), (40, 40)])
def test_tiny_and_narrow_pictures_do_no_harm(finder: FaceFinder, size: tuple[int, int]) -> None:
    assert finder.find(np.zeros((*size, 3), np.uint8)) == []


def test_the_next_look_is_upright_around_a_tilted_face(her_face: Face) -> None:
    turn = math.radians(25)
    spin = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    points = her_face.points.copy()
    points[:, :2] = points[:, :2] @ spin
    straight, tilted = around(her_face.points), around(points)
    assert tilt_radians(points) - tilt_radians(her_face.points) == pytest.approx(turn)
    assert tilted.side_px == pytest.approx(straight.side_px)
    assert (tilted.x, tilted.y) == pytest.approx(tuple(np.array([straight.x, straight.y]) @ spin))


def test_the_middle_of_a_crop_is_the_middle_of_the_input(her_face: Face) -> None:
    crop = around(her_face.points)
    assert crop.to_picture() @ (95.5, 95.5, 1) == pytest.approx((crop.x, crop.y))


def test_her_squeezed_mesh_is_a_profile(her_face: Face) -> None:
    points = her_face.points.copy()
    depth, across = points[:, 2].copy(), points[:, 0] - points[:, 0].mean()
    points[:, 0] = across * math.cos(math.radians(55)) + 200
    points[:, 2] = depth + across * math.sin(math.radians(55))
    face = Face(points, score=0.95)
    assert face.yaw_degrees == pytest.approx(55, abs=4)
    assert refusal(choose([face])).code == "profile_face"


def test_without_models_nobody_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ModelsMissing):
        FaceFinder(tmp_path)
