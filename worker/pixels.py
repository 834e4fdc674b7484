"""Any accepted picture becomes an upright 8-bit sRGB PNG of a size that H.264 can hold.

Pillow has a process of its own: `python -m worker.pixels SOURCE TYPE MAX_PIXELS OUT`. What is said of the
picture, or why there is none, is written to OUT; the picture goes beside it.
"""

from __future__ import annotations

import errno
import io
import json
import struct
import sys
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from PIL import Image, ImageCms

from app.media import MediaType
from app.notices import Notice
from worker.failures import OutOfDisk, RenderFailed
from worker.scene import Picture

MAX_SIDE = 1920
MIN_SIDE = 16
#: What previews of a link are shown at, at most.
POSTER_SIDE = 1200

#: What lies behind transparency.
BACKGROUND = (255, 255, 255)

FORMATS = {MediaType.JPEG: "JPEG", MediaType.PNG: "PNG", MediaType.WEBP: "WEBP"}

#: EXIF 2.32, tag 0x0112: how the stored picture has to be turned.
ORIENTATION_TAG = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

#: The mode a profile's colours are in, by its colour space (ICC.1:2022, 7.2.6).
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}

#: What Pillow's parsers let through when a file is damaged.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    struct.error,
    zlib.error,
)

# Ours is checked before anything is decoded, and refuses instead of warning.
Image.MAX_IMAGE_PIXELS = None


def normalise(source: Path, media_type: MediaType, folder: Path, *, max_pixels: int) -> Picture:
    """Writes the picture of `source`, its first frame if it moves, as `folder`/picture.png, and its poster.

    Raises:
        RenderFailed: it is no such picture, damaged, has more than `max_pixels`, or takes more memory than
            there is.
    """
    try:
        return _normal(*_decoded(source, FORMATS[media_type], max_pixels), folder)
    except MemoryError as error:
        raise RenderFailed("The image takes too much memory to decode. A smaller one may work.") from error


def _normal(image: Image.Image, stored_size: tuple[int, int], folder: Path) -> Picture:
    # Scaled first: what comes after costs by the pixel.
    scaled = _scaled(_plain(image), fitting_size(*stored_size))
    coloured, notices = _in_srgb(scaled, image.info.get("icc_profile"))
    upright = _turned(_flat(coloured), _orientation(image))
    if max(stored_size) > MAX_SIDE:
        notices.append(_downscaled(stored_size, upright.size))
    picture = Picture(folder / "picture.png", *upright.size, tuple(notices))
    _save(upright, picture.path, compress_level=1)
    upright.thumbnail((POSTER_SIDE, POSTER_SIDE), reducing_gap=2.0)
    _save(upright, picture.poster, quality=82)
    return picture


def fitting_size(width: int, height: int) -> tuple[int, int]:
    """The even size, in pixels, that a picture of this size is shown at.

    At most `MAX_SIDE`, at least `MIN_SIDE`; never larger than that needs. Only a picture too narrow for both
    bounds is stretched.
    """
    scale = max(min(1.0, MAX_SIDE / max(width, height)), MIN_SIDE / min(width, height))
    return _even(width * scale, scale), _even(height * scale, scale)


def _even(side: float, scale: float) -> int:
    """Unscaled sides lose a pixel, for that needs no resampling; others go to the nearest."""
    even = int(side) // 2 * 2 if scale == 1 else round(side / 2) * 2
    return min(MAX_SIDE, max(MIN_SIDE, even))


def _decoded(source: Path, pillow_format: str, max_pixels: int) -> tuple[Image.Image, tuple[int, int]]:
    """The first frame and the size it is stored at; a large JPEG is decoded smaller than that."""
    try:
        with _quiet(), Image.open(source, formats=[pillow_format]) as image:
            stored_size = image.size
            _refuse_if_larger(image, max_pixels)
            image.draft(None, fitting_size(*stored_size))
            image.load()
            return image, stored_size
    except DAMAGE as error:
        raise RenderFailed("The image file is cut off or damaged.", repr(error)) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns about what it repairs; the service's log has no use for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _refuse_if_larger(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise RenderFailed(
            f"The image is {image.width} x {image.height} pixels large;"
            f" at most {max_pixels / 1e6:g} million pixels are allowed."
        )


def _orientation(image: Image.Image) -> int:
    """1 (as it is) where the EXIF data can't be read: a wrong turn is no reason to refuse a good picture."""
    try:
        with _quiet():
            return int(image.getexif().get(ORIENTATION_TAG, 1))
    except DAMAGE:
        return 1


def _plain(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled: L, LA, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode in {"LA", "RGBA", "CMYK"}:
        return image
    if "transparency" in image.info or image.mode == "PA":
        return image.convert("RGBA")
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    """Pillow's own conversion cuts off at 255 instead of scaling."""
    return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")


def _scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """To `size`; a picture that only has an odd side loses its last column or row."""
    if image.width - size[0] in (0, 1) and image.height - size[1] in (0, 1):
        return image.crop((0, 0, *size))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, list[Notice]]:
    if not profile:
        return image, []
    try:
        return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile))), []
    except (ImageCms.PyCMSError, *DAMAGE):
        return image, [
            Notice("image_profile_ignored", "The image's colour profile can't be used; colours may differ.")
        ]


def _converted(image: Image.Image, profile: ImageCms.ImageCmsProfile) -> Image.Image:
    """From the profile's colours to sRGB; transparency is carried over."""
    mode = PROFILE_MODES[profile.profile.xcolor_space.strip()]
    colours = image.convert(mode)
    if image.mode == "CMYK" and mode != "CMYK":
        raise ValueError("the profile is for other colours than the picture's")
    srgb = ImageCms.profileToProfile(colours, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert srgb is not None
    if "A" in image.getbands():
        srgb.putalpha(image.getchannel("A"))
    return srgb


def _flat(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands():
        return image.convert("RGB")
    behind = Image.new("RGB", image.size, BACKGROUND)
    behind.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return behind


def _turned(image: Image.Image, orientation: int) -> Image.Image:
    return image.transpose(TURNS[orientation]) if orientation in TURNS else image


def _downscaled(stored_size: tuple[int, int], size: tuple[int, int]) -> Notice:
    # EXIF may have turned the picture; a person knows its sides by the picture on the screen.
    shown = stored_size if (stored_size[0] < stored_size[1]) == (size[0] < size[1]) else stored_size[::-1]
    return Notice(
        "image_downscaled",
        f"The image was scaled down from {shown[0]} x {shown[1]} to {size[0]} x {size[1]} pixels.",
    )


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
