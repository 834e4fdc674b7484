"""Which face speaks, what is said about it, and the measures that decide."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from tests.worker.engines.talking.choices import codes, refusal
from worker.engines.talking.face.faces import CHIN, FOREHEAD, LEFT_EAR, RIGHT_EAR, Accepted, Face, choose
from worker.engines.talking.face.mesh import LEFT_EYE, POINTS, RIGHT_EYE


def flat_face(width_px: float = 200, *, yaw_degrees: float = 0, x: float = 0) -> Face:
    """A face of the points that matter for measures, on a plane turned by one of the angles."""
    half = width_px / 2
    points = np.zeros((POINTS, 3))
    for index, place in {
        RIGHT_EAR: (-half, 0, 0),
        LEFT_EAR: (half, 0, 0),
        RIGHT_EYE: (-half / 2, -half / 3, 0),
        LEFT_EYE: (half / 2, -half / 3, 0),
        FOREHEAD: (0, -half, 0),
        CHIN: (0, half, 0),
    }.items():
        points[index] = place
    yaw = math.radians(yaw_degrees)
    across = points[:, 0].copy()
    points[:, 0] = x + across * math.cos(yaw)
    points[:, 2] = across * math.sin(yaw)
    return Face(points, score=0.95)


@pytest.mark.parametrize("degrees", [-60, -35, 0, 20, 45])
def test_yaw_is_the_angle_that_the_face_is_turned_by(degrees: float) -> None:
    face = flat_face(yaw_degrees=degrees)
    assert face.yaw_degrees == pytest.approx(degrees)
    assert face.width_px == pytest.approx(200 * math.cos(math.radians(degrees)))


@pytest.mark.parametrize(("degrees", "usable"), [(39.9, True), (-39.9, True), (40.1, False), (-40.1, False)])
def test_forty_degrees_are_the_limit(degrees: float, usable: bool) -> None:
    assert isinstance(choose([flat_face(yaw_degrees=degrees)]), Accepted) is usable


@pytest.mark.parametrize(
    ("width_px", "expected"), [(80.1, []), (79.9, ["small_face"]), (40.1, ["small_face"])]
)
def test_the_widths_that_earn_a_notice(width_px: float, expected: list[str]) -> None:
    assert codes(choose([flat_face(width_px)])) == expected


def test_a_face_below_forty_pixels_is_refused() -> None:
    assert "too small" in refusal(choose([flat_face(39.9)])).sentence


def test_a_small_face_speaks_where_the_large_one_is_turned_away() -> None:
    aside, small = flat_face(300, yaw_degrees=50), flat_face(60, x=400)
    choice = choose([aside, small])
    assert isinstance(choice, Accepted)
    assert choice.face is small
    assert codes(choice) == ["multiple_faces", "small_face"]


def test_nobody_is_refused_as_nobody() -> None:
    assert "No face was found" in refusal(choose([])).sentence


def test_a_hidden_mouth_is_refused_as_such() -> None:
    assert refusal(choose([replace(flat_face(), mouth_covered=True)])).code == "hidden_mouth"


def test_a_cut_mouth_is_refused_as_such() -> None:
    assert refusal(choose([replace(flat_face(), mouth_cut=True)])).code == "cut_mouth"


def test_of_two_who_cannot_speak_the_larger_tells_why() -> None:
    aside, hidden = flat_face(300, yaw_degrees=50), replace(flat_face(100, x=400), mouth_covered=True)
    assert refusal(choose([hidden, aside])).code == "profile_face"
