"""How large a picture is, by its header alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from app.media.header_reader import exactly, number
from app.media.isobmff import primary_item
from app.media.media_types import MediaType

#: Markers of a JPEG (ITU-T T.81, table B.1): frames have those of SOF, but for the tables among them.
_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_WITHOUT_LENGTH = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_SCAN = 0xDA
#: No honest picture has more segments before its frame.
_MAX_JPEG_SEGMENTS = 10_000

Size = tuple[int, int]


def image_size(path: Path, media_type: MediaType) -> Size | None:
    """Width and height in pixels as stored; None where the header doesn't say, or makes no sense.

    Raises:
        EOFError: the file ends before its header does.
    """
    with path.open("rb") as file:
        return _READERS[media_type](file)


def _png(file: BinaryIO) -> Size | None:
    """W3C PNG, 11.2.1: IHDR comes first."""
    header = exactly(file, 33)
    return number(header[16:20]), number(header[20:24])


def _jpeg(file: BinaryIO) -> Size | None:
    exactly(file, 2)
    for _ in range(_MAX_JPEG_SEGMENTS):
        marker = _jpeg_marker(file)
        if marker is None or marker == _JPEG_SCAN:
            return None
        if marker in _JPEG_FRAMES:
            frame = exactly(file, 7)
            return number(frame[5:7]), number(frame[3:5])
        if marker not in _JPEG_WITHOUT_LENGTH:
            file.seek(max(0, number(exactly(file, 2)) - 2), 1)
    return None


def _jpeg_marker(file: BinaryIO) -> int | None:
    """The marker that comes next, after any fill bytes; None where there is something else."""
    if exactly(file, 1) != b"\xff":
        return None
    while (marker := exactly(file, 1)[0]) == 0xFF:
        pass
    return marker


def _webp(file: BinaryIO) -> Size | None:
    """RFC 9649, 2.5 to 2.7: 14-bit sides in VP8 and VP8L, 24-bit ones in VP8X."""
    head = exactly(file, 30)
    if head[12:16] == b"VP8X":
        return _little(head[24:27]) + 1, _little(head[27:30]) + 1
    if head[12:16] == b"VP8L":
        packed = _little(head[21:25])
        return (packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1
    return _little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF


def _little(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _boxed(file: BinaryIO) -> Size | None:
    item = primary_item(file)
    return (item.width, item.height) if item else None


_READERS: dict[MediaType, Callable[[BinaryIO], Size | None]] = {
    MediaType.JPEG: _jpeg,
    MediaType.PNG: _png,
    MediaType.WEBP: _webp,
    MediaType.HEIC: _boxed,
    MediaType.AVIF: _boxed,
}
