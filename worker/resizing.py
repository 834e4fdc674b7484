"""The size that a picture is shown at: even sides, as H.264 wants them, and no larger than screens are."""

from __future__ import annotations

from PIL import Image

MAX_SIDE = 1920
MIN_SIDE = 16


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


def scaled(image: Image.Image, size: tuple[int, int]) -> Image.Image:
    """To `size`; a picture that only has an odd side loses its last column or row."""
    if image.width - size[0] in (0, 1) and image.height - size[1] in (0, 1):
        return image.crop((0, 0, *size))
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
