"""The mouth opens as told, without folds, and leaves everything else alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.worker.engines.talking import portraits
from tests.worker.engines.talking.portraits import Portrait
from worker.engines.talking.drawing.lips import ROUNDEST, WIDEST, LipMotion, MouthShape, lip_motion, suited
from worker.engines.talking.drawing.mouth import Mouth
from worker.engines.talking.drawing.warp import Displacement, Warp
from worker.engines.talking.numerics.arrays import Flags, Floats, Image, floats

GREEN = (0, 255, 0)


def drawn(portrait: Portrait, aperture: float, corner: float = 0) -> Image:
    canvas = portrait.picture.copy()
    Mouth(portrait.picture, portrait.points, 0).draw(canvas, aperture, corner)
    return canvas


def opening_px(portrait: Portrait, aperture: float) -> int:
    return int(opened(portrait, aperture).sum())


def opened(portrait: Portrait, aperture: float, corner: float = 0) -> Flags:
    """Which pixels show what is between the lips, seen by painting it in a colour that no face has."""
    mouth = Mouth(portrait.picture, portrait.points, 0)
    mouth.paint_inside = lambda box, *_: np.full((box.height, box.width, 3), GREEN, np.float32)
    canvas = portrait.picture.copy()
    mouth.draw(canvas, aperture, corner)
    return np.asarray(np.abs(canvas.astype(int) - GREEN).max(axis=2) < 100)


@pytest.mark.parametrize("portrait", portraits.ALL)
def test_a_mouth_at_rest_is_exactly_the_picture(portrait: portraits.Maker) -> None:
    mouth = Mouth(portrait().picture, portrait().points, 0)
    canvas = portrait().picture.copy()
    mouth.draw(canvas, 0.6, ROUNDEST)

    mouth.draw(canvas, 0.5, WIDEST, bite=1, tongue=1, rest=1)

    assert np.array_equal(canvas, portrait().picture)


def test_a_closed_mouth_that_is_told_to_be_shut_is_exactly_the_picture() -> None:
    portrait = portraits.closed_mouth()

    assert not Mouth(portrait.picture, portrait.points, 0).geometry.is_open
    assert np.array_equal(drawn(portrait, 0.0), portrait.picture)


def test_a_smile_is_shut_when_it_is_told_to() -> None:
    assert opening_px(portraits.astronaut(), 0) == 0


def test_a_smile_purses_its_lips_for_round_vowels() -> None:
    neutral, rounded = (
        opened(portraits.close_up(), 0.2, corner).any(axis=0).sum() for corner in (0, ROUNDEST)
    )

    assert rounded < 0.72 * neutral


def test_a_wide_open_mouth_closes_with_its_jaw() -> None:
    portrait = portraits.close_up()
    smiling = Mouth(portrait.picture, portrait.points, 0).geometry
    shouting = replace(smiling, lower=smiling.lower + 0.45, opening=smiling.opening + 0.45)

    assert lip_motion(shouting, MouthShape()).jaw < -0.1
    assert lip_motion(shouting, MouthShape(0.6)).jaw > 0
    assert lip_motion(smiling, MouthShape()).jaw == 0


@pytest.mark.parametrize("portrait", portraits.ALL)
def test_the_opening_grows_with_the_aperture(portrait: portraits.Maker) -> None:
    areas = [opening_px(portrait(), aperture) for aperture in (0, 0.1, 0.3, 0.6)]

    assert areas == sorted(set(areas))


@pytest.mark.parametrize("portrait", portraits.ALL)
def test_nothing_changes_outside_of_the_box(portrait: portraits.Maker) -> None:
    box = Mouth(portrait().picture, portrait().points, 0).box
    canvas = drawn(portrait(), 0.6, ROUNDEST)

    canvas[box.slices] = portrait().picture[box.slices]

    assert np.array_equal(canvas, portrait().picture)
    assert {side % 2 for side in (box.left, box.top, box.right, box.bottom)} == {0}


def test_the_motion_has_faded_where_the_box_ends() -> None:
    portrait = portraits.close_up()
    box = Mouth(portrait.picture, portrait.points, 0).box
    difference = np.abs(drawn(portrait, 0.65, ROUNDEST).astype(int) - portrait.picture)[box.slices]

    borders = (difference[0], difference[-1], difference[:, 0], difference[:, -1])
    assert max(int(border.max()) for border in borders) <= 2


@pytest.mark.parametrize("portrait", portraits.ALL)
@pytest.mark.parametrize("corner", [ROUNDEST, 0, WIDEST])
def test_the_widest_mouths_fold_nothing(portrait: portraits.Maker, corner: float) -> None:
    mouth = Mouth(portrait().picture, portrait().points, 0).geometry
    motion = lip_motion(mouth, suited(MouthShape(0.65, corner), mouth))
    warp = Warp(mouth)

    for displacement, below in ((warp.upper_displacement, -1), (warp.lower_displacement, 1)):
        assert least_stretch(moved_by(displacement, motion), mouth.upper, mouth.lower, below) > 0.3


def moved_by(
    displacement: Callable[[Floats, Floats, LipMotion], tuple[Floats, Floats]], motion: LipMotion
) -> Displacement:
    return lambda u, v: displacement(u, v, motion)


def least_stretch(displacement: Displacement, upper: Floats, lower: Floats, below: int) -> float:
    """The least Jacobian determinant of the layer's motion, on its own side of the lips; below 0 it folds."""
    step = 0.01
    u, v = np.meshgrid(floats(np.arange(-1.8, 1.8, step)), floats(np.arange(-1.6, 2.6, step)))
    du, dv = displacement(u, v)
    du_du, du_dv = np.gradient(du, step, axis=1), np.gradient(du, step, axis=0)
    dv_du, dv_dv = np.gradient(dv, step, axis=1), np.gradient(dv, step, axis=0)
    edge = np.interp(u, np.linspace(-2.6, 2.6, len(upper)), upper if below < 0 else lower)
    determinant = (1 + du_du) * (1 + dv_dv) - du_dv * dv_du
    return float(determinant[(v - edge) * below > 2 * step].min())


@pytest.mark.parametrize("part", portraits.CUTS.values(), ids=portraits.CUTS)
def test_a_mouth_that_is_partly_in_the_picture_is_drawn_as_far_as_it_is(
    part: tuple[int, int, int, int],
) -> None:
    portrait = portraits.cut(*part)
    box = Mouth(portrait.picture, portrait.points, 0).box
    canvas = drawn(portrait, 0.5)

    canvas[box.slices] = portrait.picture[box.slices]

    assert np.array_equal(canvas, portrait.picture)


def test_a_drawing_depends_on_its_shape_alone() -> None:
    portrait = portraits.astronaut()
    mouth = Mouth(portrait.picture, portrait.points, 0)
    canvas = portrait.picture.copy()
    for aperture, corner in ((0.6, WIDEST), (0.1, ROUNDEST), (0.3, -0.1)):
        mouth.draw(canvas, aperture, corner)

    assert np.array_equal(canvas, drawn(portrait, 0.3, -0.1))


def test_the_mouth_of_a_turned_head_moves_less() -> None:
    portrait = portraits.close_up()
    motions = [
        lip_motion(mouth, suited(MouthShape(0.5, ROUNDEST), mouth))
        for mouth in (Mouth(portrait.picture, portrait.points, yaw).geometry for yaw in (0, 38))
    ]

    assert motions[1].lower.max() < motions[0].lower.max()
    assert abs(motions[1].corner) < abs(motions[0].corner)
