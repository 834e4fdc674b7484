"""The poster: what is seen of a video before it plays."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from app.media.media_types import MediaType
from tests.support.media_samples import patches
from worker.picture.normalisation import normalise


@pytest.mark.parametrize(
    ("size", "expected"), [((64, 48), (384, 288)), ((3000, 2000), (1200, 800)), ((400, 1600), (300, 1200))]
)
def test_the_poster_is_the_picture_no_larger_than_previews_are(
    tmp_path: Path, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    source = tmp_path / "source.png"
    patches(*size).save(source)

    picture = normalise(source, MediaType.PNG, tmp_path, max_pixels=10**7)

    with Image.open(picture.poster) as poster, Image.open(picture.path) as whole:
        assert (poster.format, poster.size) == ("JPEG", expected)
        spot = (poster.width // 4, poster.height // 4)
        assert poster.getpixel(spot) == pytest.approx(
            whole.getpixel((whole.width // 4, whole.height // 4)), abs=6
        )
