"""The head sways, the background stands still."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from tests.worker.engines.talking import portraits
from tests.worker.engines.talking.portraits import Portrait
from worker.engines.talking.drawing.head import Head, Pose, i420_planes
from worker.engines.talking.numerics.arrays import Image

EXTREMES = [
    Pose(yaw=0.08),
    Pose(pitch=-0.08),
    Pose(roll=0.02),
    Pose(x=0.02, y=0.02, growth=0.01),
    Pose(brow=0.018),
]


def posed(portrait: Portrait, pose: Pose) -> Image:
    """I420."""
    out = portrait.planes()
    Head(*portrait.size, portrait.points).draw(portrait.planes(), out, pose)
    return out


@pytest.mark.parametrize("portrait", portraits.ALL)
def test_a_head_in_its_own_pose_is_exactly_the_picture(portrait: portraits.Maker) -> None:
    assert np.array_equal(posed(portrait(), Pose()), portrait().planes())


@pytest.mark.parametrize("pose", EXTREMES)
@pytest.mark.parametrize("portrait", [portraits.astronaut, portraits.at_the_border, portraits.tiny])
def test_the_background_is_exactly_the_picture_s(portrait: portraits.Maker, pose: Pose) -> None:
    """Beyond the nodes around the mask, on all three planes."""
    head = Head(*portrait().size, portrait().points)
    moving = np.asarray(cv2.dilate((head.mask > 0).astype(np.uint8), np.ones((3, 3), np.uint8)))
    still = moving == 0
    before = i420_planes(portrait().planes(), *portrait().size)
    after = i420_planes(posed(portrait(), pose), *portrait().size)

    for source, target in zip(before, after, strict=True):
        changed = source != target
        assert changed.any()
        scale = portrait().size[0] / source.shape[1]
        for y, x in np.argwhere(changed):
            row, column = head.grid.nearest(x * scale, y * scale)
            assert not still[row, column]


def test_what_is_near_moves_further_than_what_is_far() -> None:
    portrait = portraits.close_up()
    head = Head(*portrait.size, portrait.points)
    dx, dy = head.displacement(Pose(yaw=0.05))
    nose, ear = (head.grid.nearest(*portrait.points[number, :2]) for number in (4, 234))

    assert dx[nose] > 5 * abs(dx[ear])
    assert dx[nose] > 1
    assert not dy.any()


def test_the_nose_arrives_where_the_pose_takes_it() -> None:
    """Against a picture with a white dot on the nose, found again by its centre of mass."""
    portrait = portraits.close_up()
    picture = np.zeros_like(portrait.picture)
    x, y = (round(float(side)) for side in portrait.points[4, :2])
    cv2.circle(picture, (x, y), 6, (255, 255, 255), -1)
    marked = Portrait(picture, portrait.points)

    luma = posed(marked, Pose(x=0.03, y=-0.02))[: portrait.size[1]].astype(float) - 16
    rows, columns = np.indices(luma.shape)
    moved_x, moved_y = (luma * columns).sum() / luma.sum() - x, (luma * rows).sum() / luma.sum() - y
    width = float(np.ptp(portrait.points[:, 0]))

    assert moved_x == pytest.approx(0.03 * width, abs=0.3)
    assert moved_y == pytest.approx(-0.02 * width, abs=0.3)


@pytest.mark.parametrize("part", portraits.CUTS.values(), ids=portraits.CUTS)
def test_a_head_that_is_partly_in_the_picture_sways_as_far_as_it_is(part: tuple[int, int, int, int]) -> None:
    portrait = portraits.cut(*part)
    box = Head(*portrait.size, portrait.points).box
    before = i420_planes(portrait.planes(), *portrait.size)[0]
    after = i420_planes(posed(portrait, Pose(yaw=0.05, x=0.02)), *portrait.size)[0]

    after[box.slices] = before[box.slices]

    assert np.array_equal(after, before)


def test_the_picture_s_border_stands_still() -> None:
    portrait = portraits.close_up()
    before = portrait.planes()[: portrait.size[1]]
    after = posed(portrait, Pose(x=0.02, y=0.02))[: portrait.size[1]]

    for border in (np.s_[0], np.s_[-1], np.s_[:, 0], np.s_[:, -1]):
        assert np.array_equal(before[border], after[border])
    assert not np.array_equal(before, after)
