"""Any accepted picture becomes an upright 8-bit sRGB PNG of a size that H.264 can hold.

Pillow has a process of its own: `python -m worker.picture.pixels SOURCE TYPE MAX_PIXELS OUT`. What is said
of the picture, or why there is none, is written to OUT; the picture goes beside it.
"""

from __future__ import annotations

import errno
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image

from app.domain.warnings import IMAGE_DOWNSCALED, Notice
from app.media.media_types import MediaType
from worker.errors import OutOfDisk, RenderFailed
from worker.picture.colours import flat, in_srgb, plain
from worker.picture.decoders import Decoded, decoded
from worker.picture.resizing import MAX_SIDE, fitting_size, scaled
from worker.scene import Picture

#: What previews of a link are shown at, at most.
POSTER_SIDE = 1200

#: By EXIF's orientation, what turns the picture upright.
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def normalise(source: Path, media_type: MediaType, folder: Path, *, max_pixels: int) -> Picture:
    """Writes the picture of `source`, its first frame if it moves, as `folder`/picture.png, and its poster.

    Raises:
        RenderFailed: it is no such picture, damaged, has more than `max_pixels`, or takes more memory than
            there is.
    """
    try:
        return _normal(decoded(source, media_type, max_pixels), folder)
    except MemoryError as error:
        raise RenderFailed("The image takes too much memory to decode. A smaller one may work.") from error


def _normal(source: Decoded, folder: Path) -> Picture:
    # Scaled first: what comes after costs by the pixel.
    fitted = scaled(plain(source.image), fitting_size(*source.stored_size))
    coloured, notices = in_srgb(fitted, source.profile)
    upright = _turned(flat(coloured), source.orientation)
    if max(source.stored_size) > MAX_SIDE:
        notices.append(_downscaled(source.stored_size, upright.size))
    picture = Picture(folder / "picture.png", *upright.size, tuple(notices))
    # Scratch, soon read again: packing it would take longer than all else here.
    _save(upright, picture.path, compress_level=0)
    upright.thumbnail((POSTER_SIDE, POSTER_SIDE), reducing_gap=2.0)
    _save(upright, picture.poster, quality=82)
    return picture


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def _downscaled(stored_size: tuple[int, int], size: tuple[int, int]) -> Notice:
    # EXIF may have turned the picture; a person knows its sides by the picture on the screen.
    shown = stored_size if (stored_size[0] < stored_size[1]) == (size[0] < size[1]) else stored_size[::-1]
    return IMAGE_DOWNSCALED.notice(from_width=shown[0], from_height=shown[1], width=size[0], height=size[1])


def _save(image: Image.Image, path: Path, **options: Any) -> None:
    try:
        image.save(path, **options)
    except OSError as error:
        raise OutOfDisk(repr(error)) if error.errno == errno.ENOSPC else error from error


def main(arguments: list[str]) -> None:
    source, media_type, max_pixels, out = arguments
    folder = Path(out).parent
    try:
        picture = normalise(Path(source), MediaType(media_type), folder, max_pixels=int(max_pixels))
        told = {**asdict(picture), "path": picture.path.name}
    except RenderFailed as failure:
        told = {"sentence": failure.sentence, "detail": failure.detail}
    Path(out).write_text(json.dumps(told))


if __name__ == "__main__":
    main(sys.argv[1:])
