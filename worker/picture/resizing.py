"""The size that a picture is shown at: even sides, as H.264 wants them, and no larger than screens are.

Video halves the resolution of colours. Little would be left of those in small pictures, so they are enlarged.
"""

from __future__ import annotations

import math

from PIL import Image, ImageChops

MAX_SIDE = 1920
MIN_SIDE = 16
#: Smaller pictures are enlarged by a whole factor until their short side has this, or the long one is full.
SMALL_SIDE = 256

#: What is drawn has few colours, or mostly neighbours of the same one. A photo's grain has neither.
FEW_COLOURS = 64
DRAWN_SHARE = 0.5


def fitting_size(width: int, height: int) -> tuple[int, int]:
    """The even size, in pixels, that a picture of this size is shown at.

    At most `MAX_SIDE`, at least `MIN_SIDE`. Only a picture too narrow for both bounds is stretched.
    """
    factor = _enlargement(width, height)
    if factor > 1:
        return _even(width * factor, 1), _even(height * factor, 1)
    scale = max(min(1.0, MAX_SIDE / max(width, height)), MIN_SIDE / min(width, height))
    return _even(width * scale, scale), _even(height * scale, scale)


def scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """To `size`; a picture that only has an odd side loses its last column or row."""
    factor = _enlargement(*image.size)
    if factor > 1:
        image = _enlarged(image, factor)
    if image.width - size[0] in (0, 1) and image.height - size[1] in (0, 1):
        return image.crop((0, 0, *size))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)


def _enlargement(width: int, height: int) -> int:
    """The factor, 1 for none: a small picture may also be too long, or too narrow to be shown as it is."""
    factor = min(math.ceil(SMALL_SIDE / min(width, height)), MAX_SIDE // max(width, height))
    return factor if factor > 1 and min(width, height) * factor >= MIN_SIDE else 1


def _enlarged(image: Image.Image, factor: int) -> Image.Image:
    """Drawings stay what they are, pixel by pixel; photos become soft instead of coarse."""
    kernel = Image.Resampling.NEAREST if _is_drawn(image) else Image.Resampling.LANCZOS
    return image.resize((image.width * factor, image.height * factor), kernel)


def _is_drawn(image: Image.Image) -> bool:
    if image.getcolors(FEW_COLOURS) is not None:
        return True
    shares = [_share_of_equals(image, 1, 0), _share_of_equals(image, 0, 1)]
    return sum(shares) / len(shares) >= DRAWN_SHARE


def _share_of_equals(image: Image.Image, right: int, down: int) -> float:
    """The share of pixels that equal the one so far away."""
    width, height = image.width - right, image.height - down
    if not width or not height:
        return 1.0
    here, there = image.crop((0, 0, width, height)), image.crop((right, down, image.width, image.height))
    first, *others = ImageChops.difference(here, there).split()
    for band in others:
        first = ImageChops.lighter(first, band)
    return first.histogram()[0] / (width * height)


def _even(side: float, scale: float) -> int:
    """Unscaled sides lose a pixel, for that needs no resampling; others go to the nearest."""
    even = int(side) // 2 * 2 if scale == 1 else round(side / 2) * 2
    return min(MAX_SIDE, max(MIN_SIDE, even))
