"""Refusals of a file for what is in it."""

from __future__ import annotations

from app.errors.base import ApiError, BadRequest


class UnsupportedMediaType(ApiError):
    """`found` says what it is and what to do, where that is known."""

    status = 415
    code = "unsupported_media_type"

    def __init__(self, part: str, accepted: str, found: str | None = None) -> None:
        what = f"it is {found}" if found else "its content is something else"
        super().__init__(f"The '{part}' file must be {accepted}; {what}.", part=part)


class TooManyPixels(BadRequest):
    code = "too_many_pixels"

    def __init__(self, width: int, height: int, max_pixels: int) -> None:
        super().__init__(
            f"The image is {width} x {height} pixels large;"
            f" at most {max_pixels / 1e6:g} million pixels are allowed.",
            part="image",
        )


class AudioTooLong(BadRequest):
    code = "audio_too_long"

    def __init__(self, max_seconds: int) -> None:
        most = f"{max_seconds / 60:g} minutes" if max_seconds >= 120 else f"{max_seconds} seconds"
        super().__init__(f"The audio is too long: at most {most} are allowed.", part="audio")


class NoSound(BadRequest):
    code = "no_sound"
    sentence = "The audio file holds no sound."

    def __init__(self) -> None:
        super().__init__(part="audio")


class FileTooShort(BadRequest):
    code = "file_too_short"

    def __init__(self, part: str, size_bytes: int) -> None:
        what = {"image": "picture", "audio": "sound"}[part]
        super().__init__(
            f"The '{part}' file ends before its {what} begins: it has {size_bytes} bytes.", part=part
        )
