"""Small pictures keep their colours in the video, although that halves their resolution."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pytest
from PIL import Image

from tests.support.media_samples import ffmpeg
from tests.worker.scenes import nobody, scene_of
from worker.engines.still import still

COLOURS = [(0, 60, 200), (255, 0, 0), (255, 230, 0), (0, 160, 60), (255, 255, 255), (0, 0, 0)]
#: Levels of 255 that a colour may be off by in the mean; as they came, these were 23 off.
MEAN_ERROR = 10


def drawing(width: int, height: int, cell: int) -> Image.Image:
    """Squares of so many pixels, each in one of a few strong colours."""
    random, image = Random(1), Image.new("RGB", (width, height))
    for y in range(0, height, cell):
        for x in range(0, width, cell):
            image.paste(random.choice(COLOURS), (x, y, x + cell, y + cell))
    return image


@pytest.mark.parametrize("size", [(80, 70), (156, 82)])
def test_a_small_palette_keeps_its_colours(tmp_path: Path, size: tuple[int, int]) -> None:
    picture = drawing(*size, cell=2)
    source, frame = tmp_path / "x.png", tmp_path / "frame.png"
    picture.quantize(len(COLOURS)).save(source)
    scene = scene_of(source, tmp_path)

    video = still(scene, nobody)

    ffmpeg(
        "-i",
        video.path,
        "-vf",
        "scale=in_color_matrix=bt709:in_range=tv:flags=bicubic",
        "-frames:v",
        "1",
        frame,
    )
    with Image.open(frame) as shown:
        seen = np.asarray(shown.convert("RGB").resize(size, Image.Resampling.BOX), float)
    assert np.abs(seen - np.asarray(picture, float)).mean() < MEAN_ERROR
