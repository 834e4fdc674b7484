"""Whole files of every accepted type: what the damage is done to. Small and short, so that a case is fast."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pillow_heif
from PIL import Image, ImageCms

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, patches
from tests.support.paths import PORTRAIT
from worker.picture.decoders import FORMATS

pillow_heif.register_heif_opener()

#: The portrait's face alone: the one picture that talks.
FACE = (140, 20, 300, 180)
VOICE_SECONDS = 0.3

SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
ORIENTATION_TAG = 0x0112

VOICES = {
    "cbr.mp3": (MediaType.MP3, ("-b:a", "64k")),
    "vbr.mp3": (MediaType.MP3, ("-q:a", "5")),
    "id3.mp3": (MediaType.MP3, ("-metadata", "title=A voice", "-id3v2_version", "3", "-write_id3v1", "1")),
    "16.wav": (MediaType.WAV, ()),
    "24.wav": (MediaType.WAV, ("-c:a", "pcm_s24le")),
    "float.wav": (MediaType.WAV, ("-c:a", "pcm_f32le")),
    "rf64.wav": (MediaType.WAV, ("-rf64", "always")),
    "aac.m4a": (MediaType.M4A, ("-c:a", "aac")),
    "alac.m4a": (MediaType.M4A, ("-c:a", "alac")),
    "vorbis.ogg": (MediaType.OGG, ("-c:a", "libvorbis")),
    "opus.ogg": (MediaType.OGG, ("-c:a", "libopus", "-ar", "48000")),
    "ima.wav": (MediaType.WAV, ("-c:a", "adpcm_ima_wav")),
    "ms.wav": (MediaType.WAV, ("-c:a", "adpcm_ms")),
    "mulaw.wav": (MediaType.WAV, ("-c:a", "pcm_mulaw")),
    "opus.webm": (MediaType.WEBM, ("-c:a", "libopus", "-ar", "48000")),
    "vorbis.webm": (MediaType.WEBM, ("-c:a", "libvorbis")),
    "voice.aac": (MediaType.AAC, ()),
    "voice.flac": (MediaType.FLAC, ()),
    "voice.aiff": (MediaType.AIFF, ()),
    "sowt.aiff": (MediaType.AIFF, ("-c:a", "pcm_s16le")),
}


class Seed(NamedTuple):
    """A file that is whole, with a name to print."""

    name: str
    media_type: MediaType
    content: bytes


def pictures() -> list[Seed]:
    """Of every type, and of every kind that is decoded by other code."""
    plain = patches(64, 48)
    soft = plain.resize((61, 47), Image.Resampling.BICUBIC)
    turned = Image.Exif()
    turned[ORIENTATION_TAG] = 6
    deep = Image.fromarray(np.linspace(0, 65_535, 64 * 48).astype(np.uint16).reshape(48, 64))
    face = Image.open(PORTRAIT).crop(FACE).convert("RGB")
    return [
        _picture("face.jpg", face, MediaType.JPEG, quality=85),
        _picture("baseline.jpg", soft, MediaType.JPEG),
        _picture("progressive.jpg", soft, MediaType.JPEG, progressive=True),
        _picture("cmyk.jpg", plain.convert("CMYK"), MediaType.JPEG),
        _picture("exif.jpg", soft, MediaType.JPEG, exif=turned, icc_profile=SRGB),
        _picture("8.png", soft, MediaType.PNG),
        _picture("16.png", deep, MediaType.PNG),
        _picture("alpha.png", plain.convert("RGBA"), MediaType.PNG),
        _picture("palette.png", plain.quantize(4), MediaType.PNG, transparency=1),
        _picture("profile.png", plain, MediaType.PNG, icc_profile=SRGB, exif=turned),
        _picture("moving.png", plain, MediaType.PNG, save_all=True, append_images=[soft.resize(plain.size)]),
        _picture("lossy.webp", soft, MediaType.WEBP),
        _picture("lossless.webp", soft.convert("RGBA"), MediaType.WEBP, lossless=True, exif=turned),
        _picture(
            "moving.webp", plain, MediaType.WEBP, save_all=True, append_images=[soft.resize(plain.size)]
        ),
        _picture("plain.heic", soft, MediaType.HEIC, exif=turned.tobytes()),
        _picture("tiles.heic", patches(160, 120), MediaType.HEIC, tile_size=64),
        _picture("alpha.heic", plain.convert("RGBA"), MediaType.HEIC, icc_profile=SRGB),
        _picture("wide.heic", plain, MediaType.HEIC, color_primaries=12, transfer_characteristics=13),
        _picture("plain.avif", soft, MediaType.AVIF, exif=turned),
        _picture("alpha.avif", plain.convert("RGBA"), MediaType.AVIF, icc_profile=SRGB),
    ]


def _picture(name: str, image: Image.Image, media_type: MediaType, **options: Any) -> Seed:
    buffer = io.BytesIO()
    image.save(buffer, FORMATS[media_type], **options)
    return Seed(name, media_type, buffer.getvalue())


def voices(folder: Path) -> list[Seed]:
    """Of every type, made in `folder`."""
    samples = Samples(folder)
    return [
        Seed(name, media_type, samples.tone(name, *options, seconds=VOICE_SECONDS).read_bytes())
        for name, (media_type, options) in VOICES.items()
    ]
