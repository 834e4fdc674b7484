"""What a file is, by its bytes. The client's file name and declared type are never asked."""

from __future__ import annotations

from enum import StrEnum


class MediaType(StrEnum):
    """The accepted types, by their registered media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    M4A = "audio/mp4"
    OGG = "audio/ogg"
