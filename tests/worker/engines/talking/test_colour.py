"""The video's colours, judged by another reader: ffmpeg turns them back."""

from __future__ import annotations

from pathlib import Path

import cv2
import ffmpeg
import numpy as np

from tests.support.paths import PORTRAIT
from worker.engines.talking.drawing.colour import convert
from worker.engines.talking.drawing.grid import Box
from worker.engines.talking.numerics.arrays import Image
from worker.sandbox.ffmpeg import local, run
from worker.sandbox.resource_limits import Bounds


def converted(picture: Image) -> Image:
    height, width = picture.shape[:2]
    planes = np.zeros((height * 3 // 2, width), np.uint8)
    convert(picture, planes, Box(0, 0, width, height))
    return planes


def test_black_white_and_grey_are_where_the_standard_has_them() -> None:
    for level, luma in ((0, 16), (255, 235), (128, 126)):
        planes = converted(np.full((4, 4, 3), level, np.uint8))

        assert set(planes[:4].ravel()) == {luma}
        assert set(planes[4:].ravel()) == {128}


def test_ffmpeg_reads_the_picture_s_own_colours_back(tmp_path: Path) -> None:
    picture = np.asarray(cv2.imread(str(PORTRAIT)), np.uint8)
    height, width = picture.shape[:2]
    (tmp_path / "planes").write_bytes(converted(picture).tobytes())
    graph = (
        ffmpeg.input(local(tmp_path / "planes"), f="rawvideo", pix_fmt="yuv420p", s=f"{width}x{height}")
        .filter("scale", in_color_matrix="bt709", in_range="tv", flags="accurate_rnd+full_chroma_int")
        .output(local(tmp_path / "back.png"), **{"frames:v": 1})
    )
    run(graph, Bounds(deadline_seconds=30))

    back = np.asarray(cv2.imread(str(tmp_path / "back.png")), np.float64)
    difference = back - picture

    assert abs(difference.mean(axis=(0, 1))).max() < 1.5
    assert abs(difference).mean() < 3


def test_only_the_box_is_written() -> None:
    picture = np.full((16, 16, 3), 200, np.uint8)
    planes = np.zeros((24, 16), np.uint8)

    convert(picture, planes, Box(4, 6, 8, 10))

    assert planes[6:10, 4:8].all()
    assert np.count_nonzero(planes[:16]) == 16
    assert np.count_nonzero(planes[16:]) == 2 * 4
