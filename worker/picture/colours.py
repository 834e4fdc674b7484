"""The colours of a decoded picture, brought to 8-bit sRGB without transparency."""

from __future__ import annotations

import io

from PIL import Image, ImageCms

from app.domain.warnings import IMAGE_PROFILE_IGNORED, Notice
from worker.picture.decoders import DAMAGE

#: What lies behind transparency.
BACKGROUND = (255, 255, 255)

#: The mode a profile's colours are in, by its colour space (ICC.1:2022, 7.2.6).
PROFILE_MODES = {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}

#: Modes with the colours multiplied by alpha, and those without.
PREMULTIPLIED = {"RGBa": "RGBA", "La": "LA"}


def plain(image: Image.Image) -> Image.Image:
    """In a mode that can be scaled: L, LA, RGB, RGBA or CMYK."""
    if image.mode.startswith("I"):
        return _from_16_bit(image)
    if image.mode in PREMULTIPLIED:
        return image.convert(PREMULTIPLIED[image.mode])
    if image.mode in {"LA", "RGBA", "CMYK"}:
        return image
    if "transparency" in image.info or image.mode == "PA":
        return image.convert("RGBA")
    return image.convert("L" if image.mode in {"1", "L"} else "RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    """Pillow's own conversion cuts off at 255 instead of scaling."""
    return image.point(lambda value: value * (1 / 257) + 0.5).convert("L")


def in_srgb(image: Image.Image, profile: bytes | None) -> tuple[Image.Image, list[Notice]]:
    if not profile:
        return image, []
    try:
        return _converted(image, ImageCms.ImageCmsProfile(io.BytesIO(profile))), []
    except (ImageCms.PyCMSError, *DAMAGE):
        return image, [IMAGE_PROFILE_IGNORED.notice()]


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


def flat(image: Image.Image) -> Image.Image:
    if "A" not in image.getbands():
        return image.convert("RGB")
    behind = Image.new("RGB", image.size, BACKGROUND)
    behind.paste(image.convert("RGB"), mask=image.getchannel("A"))
    return behind
