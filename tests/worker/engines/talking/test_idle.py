"""Our idle video, for engines that put a mouth into one: the person listens."""

from __future__ import annotations

from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from app.config.settings import Settings
from app.domain.states import Motion, MotionMade
from app.media.media_types import MediaType
from tests.support.paths import PORTRAIT
from tests.worker.engines.talking.voices import spoken
from worker.engines.talking.actor import Actor
from worker.engines.talking.drawing.colour import convert
from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.engine import idle
from worker.engines.talking.performance import Performance
from worker.errors import CannotTalk
from worker.picture.normalisation import normalise
from worker.scene import Scene


def scene_of(picture: Path, image_type: MediaType, folder: Path) -> Scene:
    normal = normalise(picture, image_type, folder, max_pixels=10**7)
    return Scene(normal, spoken(folder), Motion.TALKING, folder, Settings().face_model_dir)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return scene_of(PORTRAIT, MediaType.JPEG, tmp_path_factory.mktemp("idle"))


@pytest.fixture(scope="module")
def performance(scene: Scene) -> Performance:
    shares: list[float] = []
    track = idle(scene, shares.append)
    assert (shares, shares[-1], track.motion) == (sorted(shares), 1, MotionMade.STILL)
    with av.open(str(track.path)) as file:
        assert sum(1 for _ in file.decode(video=0)) == scene.frames
    return Performance.load(scene.folder / "performance.npz")


def test_the_mouth_is_the_picture_s_own_in_every_frame(performance: Performance) -> None:
    assert not np.any(performance.mouth.arrays())
    assert np.all(performance.rest == 1)


def test_the_head_moves_and_the_lids_close(performance: Performance) -> None:
    assert np.ptp(performance.head.yaw) > 0.01
    assert performance.head.blink.max() == 1


def test_the_last_frame_shows_the_picture_as_it_is(performance: Performance) -> None:
    picture = np.asarray(cv2.imread(str(performance.picture_path)), np.uint8)
    height, width = picture.shape[:2]
    untouched = np.empty((height * 3 // 2, width), np.uint8)
    convert(picture, untouched, Box(0, 0, width, height))
    last = len(performance) - 1
    (frame,) = Actor(performance).frames(last, last + 1)
    assert np.abs(frame.astype(int) - untouched).max() <= 2


def test_without_a_face_there_is_no_video(tmp_path: Path) -> None:
    cup = tmp_path / "cup.png"
    Picture.linear_gradient("L").convert("RGB").save(cup)
    with pytest.raises(CannotTalk) as refused:
        idle(scene_of(cup, MediaType.PNG, tmp_path), lambda _: None)
    assert refused.value.code == "no_face"
