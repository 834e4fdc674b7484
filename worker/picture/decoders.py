"""Opens a picture by the one decoder of its type; what of its turns and colours the decoder leaves to us."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import AvifImagePlugin, Image

from app.errors import TooManyPixels
from app.media.isobmff import primary_item
from app.media.media_types import MediaType
from worker.errors import RenderFailed
from worker.picture.cicp import profile_of
from worker.picture.resizing import fitting_size

#: The decoders' names; that of HEIC is there once `worker.picture.heif` is.
FORMATS = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.HEIC: "HEIF",
    MediaType.AVIF: "AVIF",
}
#: Types whose own turns count and not those of EXIF (ISO/IEC 23008-12, 6.5.10 and annex A.4).
BOXED = frozenset({MediaType.HEIC, MediaType.AVIF})

#: EXIF 2.32, tag 0x0112: how the stored picture has to be turned.
ORIENTATION_TAG = 0x0112

#: What parsers let through when a file is damaged.
DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
    zlib.error,
)

# Ours is checked before anything is decoded, and refuses instead of warning.
Image.MAX_IMAGE_PIXELS = None
# Each more would hold frames of its own.
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


@dataclass(frozen=True)
class Decoded:
    """The first frame, in any mode, and the size in pixels that it is stored at.

    `profile` is an ICC profile; `orientation` that of EXIF, 1 where the picture is upright.
    """

    image: Image.Image
    stored_size: tuple[int, int]
    profile: bytes | None
    orientation: int


def decoded(source: Path, media_type: MediaType, max_pixels: int) -> Decoded:
    """The first frame; a large JPEG is decoded smaller than it is stored.

    Raises:
        RenderFailed: it is no such picture, damaged, or has more than `max_pixels`.
    """
    try:
        with _quiet(), Image.open(source, formats=[FORMATS[media_type]]) as image:
            stored_size = image.size
            _refuse_if_larger(image, max_pixels)
            image.draft(None, fitting_size(*stored_size))
            image.load()
    except DAMAGE as error:
        raise RenderFailed("The image file is cut off or damaged.", repr(error)) from error
    return Decoded(image, stored_size, _profile(image, source, media_type), _orientation(image, media_type))


@contextmanager
def _quiet() -> Iterator[None]:
    """Pillow warns about what it repairs; the service's log has no use for it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _refuse_if_larger(image: Image.Image, max_pixels: int) -> None:
    if image.width * image.height > max_pixels:
        raise RenderFailed(TooManyPixels(*image.size, max_pixels).sentence)


def _profile(image: Image.Image, source: Path, media_type: MediaType) -> bytes | None:
    profile: bytes | None = image.info.get("icc_profile")
    if profile or media_type not in BOXED:
        return profile
    try:
        with source.open("rb") as file:
            item = primary_item(file)
    except EOFError:
        return None
    return profile_of(item.primaries, item.transfer) if item else None


def _orientation(image: Image.Image, media_type: MediaType) -> int:
    """1 (as it is) where the EXIF data can't be read: a wrong turn is no reason to refuse a good picture.

    libheif has turned its pictures already; of AVIF, Pillow tells the file's own turn as if it were EXIF's.
    """
    if media_type is MediaType.HEIC:
        return 1
    if media_type in BOXED:
        image.info.pop("xmp", None)
    try:
        with _quiet():
            return int(image.getexif().get(ORIENTATION_TAG, 1))
    except DAMAGE:
        return 1
