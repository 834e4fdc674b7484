"""The look at a file that has arrived: is its type taken, and may what its header says be rendered?

Headers may lie, so a worker looks again at what was decoded. What is refused here needs no worker.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from app.errors import AudioTooLong, FileTooShort, NoSound, TooManyPixels, UnsupportedMediaType
from app.media.foreign_types import AMR, FILM, Foreign
from app.media.image_headers import image_size
from app.media.isobmff import brands, movie_tracks
from app.media.media_types import GLANCE_BYTES, INPUTS, SNIFF_BYTES, MediaType, sniff_audio
from app.media.mpeg_audio import skip_tags
from app.media.sound_headers import sound_seconds

#: Sample entries of tracks that show a cover or a chapter's picture (QuickTime File Format, video media).
_STILL_CODECS = frozenset({b"jpeg", b"png ", b"mjpa", b"mjpb"})
#: Brands of sounds that bring pictures with them.
_BOOK_BRANDS = frozenset({b"M4A ", b"M4B "})
_AMR_CODECS = frozenset({b"samr", b"sawb", b"sawp"})
#: Types that first bytes may be wrong about.
_TOLD_LATE = frozenset({MediaType.MP3, MediaType.WEBM})


@dataclass(frozen=True)
class MediaLimits:
    """What a picture may have in pixels, and a sound in seconds."""

    max_image_pixels: int
    max_audio_seconds: int


NO_LIMITS = MediaLimits(sys.maxsize, sys.maxsize)


def glanced(part: str, head: bytes) -> MediaType | None:
    """The type of a file, if its first `GLANCE_BYTES` bytes tell it.

    Raises:
        UnsupportedMediaType: they tell that it is none that is taken.
    """
    rule = INPUTS[part]
    media_type = rule.sniff(head)
    if media_type is None and (found := rule.foreign(head)):
        raise _unsupported(part, found)
    return media_type


def sniffed(part: str, head: bytes) -> MediaType:
    """The type of a file that begins so, and came as this part.

    Raises:
        UnsupportedMediaType: it is none that is taken.
    """
    rule = INPUTS[part]
    media_type = rule.sniff(head)
    if media_type is None:
        raise _unsupported(part, rule.foreign(head))
    return media_type


def confirmed(part: str, path: Path, media_type: MediaType) -> MediaType:
    """The type of a whole file whose first bytes were of `media_type`.

    Raises:
        UnsupportedMediaType: what comes after them is something else.
    """
    try:
        if media_type is MediaType.M4A and (found := _in_boxes(path)):
            raise _unsupported(part, found)
    except EOFError:
        return media_type
    return _looked_at_again(part, path) if media_type in _TOLD_LATE else media_type


def inspect(part: str, path: Path, media_type: MediaType, limits: MediaLimits) -> None:
    """Looks at what the header says.

    Raises:
        TooManyPixels, AudioTooLong, NoSound: it says so.
        FileTooShort: the file ends before there is anything to see or hear.
    """
    try:
        if part == "image":
            _inspect_image(path, media_type, limits.max_image_pixels)
        else:
            _inspect_audio(path, media_type, limits.max_audio_seconds)
    except EOFError:
        raise FileTooShort(part, path.stat().st_size) from None


def _unsupported(part: str, found: Foreign | None) -> UnsupportedMediaType:
    return UnsupportedMediaType(part, INPUTS[part].accepted, found.told(part) if found else None)


def _in_boxes(path: Path) -> Foreign | None:
    with path.open("rb") as file:
        is_book = bool(brands(file.read(GLANCE_BYTES)) & _BOOK_BRANDS)
        tracks = movie_tracks(file) or []
    if not is_book and any(track.handler == b"vide" and track.codec not in _STILL_CODECS for track in tracks):
        return FILM
    codecs = [track.codec for track in tracks if track.handler == b"soun"]
    return AMR if codecs[:1] and codecs[0] in _AMR_CODECS else None


def _looked_at_again(part: str, path: Path) -> MediaType:
    """First bytes aren't enough where a long tag comes first, or a film's tracks are listed late."""
    with path.open("rb") as file:
        file.seek(skip_tags(file))
        rest = file.read(SNIFF_BYTES)
    media_type = sniff_audio(rest) if rest else MediaType.MP3
    if media_type is None:
        raise _unsupported(part, INPUTS[part].foreign(rest))
    return media_type


def _inspect_image(path: Path, media_type: MediaType, max_pixels: int) -> None:
    size = image_size(path, media_type)
    if size and size[0] * size[1] > max_pixels:
        raise TooManyPixels(*size, max_pixels)


def _inspect_audio(path: Path, media_type: MediaType, max_seconds: int) -> None:
    seconds = sound_seconds(path, media_type)
    if seconds == 0:
        raise NoSound
    if seconds is not None and seconds > max_seconds:
        raise AudioTooLong(max_seconds)
