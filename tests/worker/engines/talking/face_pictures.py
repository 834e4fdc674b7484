"""Pictures to look for faces in: the astronaut changed, and what is no face. All arrays are blue first."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from tests.support.paths import PORTRAIT
from worker.engines.talking.numerics.arrays import Image

Change = Callable[[Image], Image]


def pixels(picture: object) -> Image:
    return np.asarray(picture, np.uint8)


def grey(picture: Image) -> Image:
    return pixels(cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR))


def mirrored(picture: Image) -> Image:
    return pixels(np.ascontiguousarray(picture[:, ::-1]))


def rotated(degrees: float) -> Change:
    def change(picture: Image) -> Image:
        height, width = picture.shape[:2]
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1)
        return pixels(cv2.warpAffine(picture, turn, (width, height)))

    return change


def scaled(factor: float) -> Change:
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    return lambda picture: pixels(cv2.resize(picture, None, fx=factor, fy=factor, interpolation=how))


def blurred(sigma_px: float) -> Change:
    return lambda picture: pixels(cv2.GaussianBlur(picture, (0, 0), sigma_px))


def dark(picture: Image) -> Image:
    return pixels(picture // 5)


def noisy(picture: Image) -> Image:
    noise = np.random.default_rng(7).normal(0, 20, picture.shape)
    return pixels(np.clip(picture + noise, 0, 255))


def close_up(picture: Image) -> Image:
    return scaled(8)(picture[60:210, 140:310])


def in_a_tall_picture(picture: Image) -> Image:
    return pixels(cv2.copyMakeBorder(picture, 700, 700, 0, 0, cv2.BORDER_CONSTANT, value=(90, 90, 90)))


def beside_herself(picture: Image) -> Image:
    return pixels(np.hstack([scaled(2)(picture)[:512, :800], picture]))


def no_picture() -> Image:
    return np.full((480, 640, 3), 127, np.uint8)


def texture() -> Image:
    return pixels(np.random.default_rng(1).integers(0, 256, (500, 400, 3)))


def clouds() -> Image:
    noise = np.random.default_rng(2).normal(0, 1, (600, 600, 3))
    return pixels(cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 25), np.zeros(0), 0, 255, cv2.NORM_MINMAX))


def coffee_cup() -> Image:
    picture = np.full((400, 600, 3), (70, 110, 160), np.uint8)
    cv2.ellipse(picture, (300, 230), (200, 110), 0, 0, 360, (235, 235, 235), -1)
    cv2.ellipse(picture, (300, 200), (130, 80), 0, 0, 360, (250, 250, 250), -1)
    cv2.ellipse(picture, (300, 195), (110, 62), 0, 0, 360, (20, 40, 75), -1)
    cv2.ellipse(picture, (440, 200), (45, 30), 0, 0, 360, (250, 250, 250), 14)
    return pixels(cv2.GaussianBlur(picture, (0, 0), 2))


def landscape() -> Image:
    picture = np.linspace((230, 180, 120), (190, 220, 240), 300).astype(np.uint8)[:, None].repeat(800, axis=1)
    ground = np.full((200, 800, 3), (40, 110, 60), np.uint8)
    picture = np.vstack([picture, ground])
    cv2.fillPoly(picture, [np.array([(0, 300), (200, 120), (380, 300), (560, 60), (800, 300)])], (90, 80, 80))
    cv2.circle(picture, (650, 80), 40, (120, 220, 250), -1)
    return pixels(picture)


def smiley() -> Image:
    picture = np.full((400, 400, 3), 255, np.uint8)
    cv2.circle(picture, (200, 200), 150, (0, 210, 255), -1)
    for x in (150, 250):
        cv2.circle(picture, (x, 160), 18, (0, 0, 0), -1)
    cv2.ellipse(picture, (200, 230), (80, 50), 0, 20, 160, (0, 0, 0), 10)
    return picture


def cat() -> Image:
    picture = np.full((420, 480, 3), (200, 215, 225), np.uint8)
    for ear in ([(120, 170), (140, 40), (220, 110)], [(360, 170), (340, 40), (260, 110)]):
        cv2.fillPoly(picture, [np.array(ear)], (70, 120, 190))
    cv2.ellipse(picture, (240, 220), (130, 120), 0, 0, 360, (80, 130, 200), -1)
    for x in (190, 290):
        cv2.ellipse(picture, (x, 200), (26, 20), 0, 0, 360, (90, 220, 200), -1)
        cv2.ellipse(picture, (x, 200), (6, 18), 0, 0, 360, (10, 10, 10), -1)
    cv2.fillPoly(picture, [np.array([(225, 245), (255, 245), (240, 262)])], (130, 120, 230))
    return pixels(cv2.GaussianBlur(picture, (0, 0), 1.5))


def with_a_board_before_the_mouth() -> Image:
    """The close-up; the board is as wide as a mouth and a half, and hides the lips."""
    picture = astronaut_close_up()
    cv2.rectangle(picture, (220, 300), (400, 400), (128, 128, 128), -1)
    return picture


def astronaut_close_up() -> Image:
    """Her head, three times as large as in the portrait."""
    return scaled(3)(pixels(cv2.imread(str(PORTRAIT)))[40:230, 120:330])
