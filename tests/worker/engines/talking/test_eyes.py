"""Blinks: both eyes or none, drawn from the skin around them."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.engines.talking import portraits
from tests.worker.engines.talking.portraits import Portrait
from worker.engines.talking.drawing.eyelid import LEFT, RIGHT
from worker.engines.talking.drawing.eyes import Eyes
from worker.engines.talking.numerics.arrays import LUMA, Image

PUPILS = [(159, 145), (386, 374)]


def blinked(portrait: Portrait, closing: float) -> Image:
    canvas = portrait.picture.copy()
    Eyes(portrait.picture, portrait.points, 0).draw(canvas, closing)
    return canvas


def eye_px(portrait: Portrait, picture: Image) -> list[int]:
    """How many pixels between the lids of each eye aren't the portrait's any more."""
    changed = np.abs(picture.astype(int) - portrait.picture).max(axis=2) > 5
    found = []
    for outline in (LEFT, RIGHT):
        between = np.zeros(changed.shape, np.uint8)
        ring = portrait.points[[*outline.upper, *outline.lower[::-1]], :2]
        cv2.fillPoly(between, [np.rint(ring).astype(np.int32)], (1,))
        found.append(int(changed[between > 0].sum()))
    return found


@pytest.mark.parametrize("portrait", [portraits.astronaut, portraits.close_up, portraits.tilted])
def test_closing_lids_cover_more_and_more_of_both_eyes(portrait: portraits.Maker) -> None:
    levels = [eye_px(portrait(), blinked(portrait(), closing)) for closing in (0, 0.4, 1)]

    for side in (0, 1):
        still_open, half, shut = (level[side] for level in levels)
        assert 0 == still_open < half < shut
        assert shut > 0.9 * eye_px(portrait(), np.zeros_like(portrait().picture))[side]


def test_an_open_eye_is_exactly_the_picture() -> None:
    portrait = portraits.astronaut()

    assert np.array_equal(blinked(portrait, 0), portrait.picture)


def test_restoring_opens_the_eyes_again() -> None:
    portrait = portraits.astronaut()
    eyes = Eyes(portrait.picture, portrait.points, 0)
    canvas = portrait.picture.copy()
    eyes.draw(canvas, 1)
    assert not np.array_equal(canvas, portrait.picture)

    eyes.restore(canvas)

    assert np.array_equal(canvas, portrait.picture)


def test_a_blink_changes_nothing_outside_of_its_boxes() -> None:
    portrait = portraits.close_up()
    eyes = Eyes(portrait.picture, portrait.points, 0)
    canvas = portrait.picture.copy()
    eyes.draw(canvas, 1)

    for box in eyes.boxes:
        canvas[box.slices] = portrait.picture[box.slices]

    assert np.array_equal(canvas, portrait.picture)


def test_both_eyes_stay_open_where_one_is_behind_dark_glass() -> None:
    portrait = portraits.close_up()
    picture = portrait.picture.copy()
    x, y = portrait.points[list(PUPILS[0]), :2].mean(axis=0)
    cv2.circle(picture, (round(float(x)), round(float(y))), 30, (25, 20, 20), -1)

    eyes = Eyes(picture, portrait.points, 0)
    canvas = picture.copy()
    eyes.draw(canvas, 1)

    assert not eyes.can_blink
    assert np.array_equal(canvas, picture)


def test_both_eyes_stay_open_where_one_ends_on_something_else_than_skin() -> None:
    """The rim of a pair of glasses, say."""
    portrait = portraits.close_up()
    picture = portrait.picture.copy()
    x, y = (round(float(side)) for side in portrait.points[list(PUPILS[0]), :2].mean(axis=0))
    cv2.rectangle(picture, (x - 35, y + 13), (x + 35, y + 26), (25, 20, 20), -1)

    assert not Eyes(picture, portrait.points, 0).can_blink


def test_both_eyes_stay_open_where_glasses_cross_the_lids() -> None:
    """A brown rim and the light on the lens below it: together about as light as skin."""
    portrait = portraits.close_up()
    picture = portrait.picture.copy()
    for outline in (LEFT, RIGHT):
        lid, brow = (portrait.points[list(part), :2].mean(axis=0) for part in (outline.upper, outline.brow))
        x, y = (round(float(side)) for side in (lid + brow) / 2)
        cv2.line(picture, (x - 45, y - 1), (x + 45, y - 1), (90, 90, 110), thickness=3)
        cv2.line(picture, (x - 45, y + 3), (x + 45, y + 3), (190, 190, 190), thickness=3)

    assert not Eyes(picture, portrait.points, 0).can_blink


def test_eyes_of_a_turned_or_tiny_face_stay_open() -> None:
    assert not Eyes(portraits.close_up().picture, portraits.close_up().points, 28).can_blink
    assert not Eyes(portraits.tiny().picture, portraits.tiny().points, 0).can_blink


@pytest.mark.parametrize("part", portraits.CUTS.values(), ids=portraits.CUTS)
def test_eyes_blink_only_if_both_are_whole(part: tuple[int, int, int, int]) -> None:
    portrait = portraits.cut(*part)
    eyes = Eyes(portrait.picture, portrait.points, 0)
    canvas = portrait.picture.copy()

    eyes.draw(canvas, 1)
    eyes.restore(canvas)

    assert eyes.can_blink == (part == portraits.CUTS["to the nose"])
    assert np.array_equal(canvas, portrait.picture)


def test_a_dark_lid_gets_the_colour_of_skin() -> None:
    portrait = portraits.close_up()
    picture = portrait.picture.copy()
    upper, brow = portrait.points[list(LEFT.upper), :2], portrait.points[list(LEFT.brow), :2]
    shadow = np.rint(np.concatenate([upper, brow[::-1]])).astype(np.int32)
    dark = picture.copy()
    cv2.fillPoly(dark, [shadow], (70, 70, 90))
    dark = np.asarray(cv2.addWeighted(picture, 0.4, dark, 0.6, 0), np.uint8)

    shut = blinked(Portrait(dark, portrait.points), 1)
    x, y = np.rint(portrait.points[list(PUPILS[0]), :2].mean(axis=0)).astype(int)

    assert Eyes(dark, portrait.points, 0).can_blink
    assert shut[y, x] @ LUMA > dark[shadow[:, 1].min() + 20, x] @ LUMA
