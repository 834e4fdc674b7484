"""Boxes of the ISO base media file format: MP4, M4A, QuickTime, HEIF and AVIF.

ISO/IEC 14496-12 (4.2: boxes, 8.4: tracks), ISO/IEC 23008-12 (6.5: properties of pictures). Nothing but
headers is read, by seeking from one to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from app.media.header_reader import exactly, number

#: No honest file has more boxes in one place, but for the samples of a film in fragments.
MAX_BOXES = 10_000

#: Properties of a picture that one item may have.
MAX_PROPERTIES = 255

#: A length that isn't known: all ones.
UNKNOWN_DURATIONS = frozenset({0xFFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFF})


class Box(NamedTuple):
    """A box by its type, and where its content is."""

    kind: bytes
    begin: int
    end: int


@dataclass(frozen=True)
class PrimaryItem:
    """The picture that a HEIF or AVIF file shows: its size in pixels, before it is turned.

    `primaries` and `transfer` are code points of ITU-T H.273, 0 where the file gives none.
    """

    width: int
    height: int
    primaries: int = 0
    transfer: int = 0


@dataclass(frozen=True)
class MovieTrack:
    """A track: its handler (`soun`, `vide`, ...), its sample entry (`mp4a`, ...), and its length in seconds.

    The length is None where it isn't said, as in films that come in fragments.
    """

    handler: bytes
    codec: bytes
    seconds: float | None


def brands(head: bytes) -> set[bytes]:
    """The major and the compatible brands of an `ftyp` box, as far as `head` holds them."""
    box = head[: number(head[:4])]
    places = (8, *range(16, len(box) - 3, 4))
    return {box[at : at + 4] for at in places}


def boxes(file: BinaryIO, begin: int, end: int) -> Iterator[Box]:
    """The boxes in this stretch of the file, as far as they make sense."""
    for _ in range(MAX_BOXES):
        if begin + 8 > end:
            return
        file.seek(begin)
        size, kind = number(exactly(file, 4)), exactly(file, 4)
        content = begin + 8
        if size == 1:
            size, content = number(exactly(file, 8)), begin + 16
        box_end = end if size == 0 else begin + size
        if box_end < content:
            return
        yield Box(kind, content, box_end)
        begin = box_end


def file_end(file: BinaryIO) -> int:
    """Where it ends."""
    return file.seek(0, 2)


def primary_item(file: BinaryIO) -> PrimaryItem | None:
    """What the file shows; None where it doesn't say.

    Raises:
        EOFError: the file ends before it does.
    """
    whole = Box(b"", 0, file_end(file))
    meta = _child(file, whole, b"meta")
    if meta is None:
        if _child(file, whole, b"moov") is None:
            raise EOFError
        return None
    inside = Box(meta.kind, meta.begin + 4, meta.end)
    item_id, properties = _primary_id(file, inside), _child(file, inside, b"iprp")
    if item_id is None or properties is None:
        return None
    return _item(file, item_id, properties)


def movie_tracks(file: BinaryIO) -> list[MovieTrack] | None:
    """The tracks that the file's index lists; None where there is no index.

    Raises:
        EOFError: the file ends within the index.
    """
    movie = _child(file, Box(b"", 0, file_end(file)), b"moov")
    if movie is None:
        return None
    is_fragmented = _child(file, movie, b"mvex") is not None
    tracks = [box for box in boxes(file, movie.begin, movie.end) if box.kind == b"trak"]
    return [_track(file, box, is_fragmented) for box in tracks]


def _child(file: BinaryIO, parent: Box, *path: bytes) -> Box | None:
    for kind in path:
        found = next((box for box in boxes(file, parent.begin, parent.end) if box.kind == kind), None)
        if found is None:
            return None
        parent = found
    return parent


def _primary_id(file: BinaryIO, meta: Box) -> int | None:
    box = _child(file, meta, b"pitm")
    if box is None:
        return None
    file.seek(box.begin)
    version = exactly(file, 4)[0]
    return number(exactly(file, 2 if version == 0 else 4))


def _item(file: BinaryIO, item_id: int, properties: Box) -> PrimaryItem | None:
    container, associations = _child(file, properties, b"ipco"), _child(file, properties, b"ipma")
    if container is None or associations is None:
        return None
    listed = list(boxes(file, container.begin, container.end))
    own = [listed[n - 1] for n in _associated(file, associations, item_id) if 0 < n <= len(listed)]
    size, colours = (0, 0), (0, 0)
    for box in own:
        if box.kind == b"ispe":
            size = _size(file, box)
        elif box.kind == b"clap":
            size = _aperture(file, box) or size
        elif box.kind == b"colr":
            colours = _colours(file, box) or colours
    return PrimaryItem(*size, *colours) if all(size) else None


def _associated(file: BinaryIO, box: Box, item_id: int) -> list[int]:
    """The numbers of the item's properties, from 1."""
    file.seek(box.begin)
    version, *_, flags = exactly(file, 4)
    id_bytes, index_bytes = 4 if version else 2, 2 if flags & 1 else 1
    essential = 1 << 8 * index_bytes - 1
    for _ in range(min(number(exactly(file, 4)), MAX_BOXES)):
        named = number(exactly(file, id_bytes))
        indices = [number(exactly(file, index_bytes)) & ~essential for _ in range(exactly(file, 1)[0])]
        if named == item_id:
            return indices
    return []


def _size(file: BinaryIO, box: Box) -> tuple[int, int]:
    file.seek(box.begin + 4)
    return number(exactly(file, 4)), number(exactly(file, 4))


def _aperture(file: BinaryIO, box: Box) -> tuple[int, int] | None:
    """What is left of the picture, in whole pixels, where encoders had to fill up blocks (clean aperture)."""
    file.seek(box.begin)
    width, parts, height, height_parts = (number(exactly(file, 4)) for _ in range(4))
    return (width // parts, height // height_parts) if parts and height_parts else None


def _colours(file: BinaryIO, box: Box) -> tuple[int, int] | None:
    """Primaries and transfer function; None where the box holds an ICC profile."""
    file.seek(box.begin)
    if exactly(file, 4) != b"nclx":
        return None
    return number(exactly(file, 2)), number(exactly(file, 2))


def _track(file: BinaryIO, box: Box, is_fragmented: bool) -> MovieTrack:
    media = _child(file, box, b"mdia")
    if media is None:
        return MovieTrack(b"", b"", None)
    handler, entry = _child(file, media, b"hdlr"), _child(file, media, b"minf", b"stbl", b"stsd")
    return MovieTrack(
        _four_letters(file, handler, 8),
        _four_letters(file, entry, 12),
        None if is_fragmented else _seconds(file, media),
    )


def _four_letters(file: BinaryIO, box: Box | None, offset: int) -> bytes:
    if box is None or box.begin + offset + 4 > box.end:
        return b""
    file.seek(box.begin + offset)
    return exactly(file, 4)


def _seconds(file: BinaryIO, media: Box) -> float | None:
    box = _child(file, media, b"mdhd")
    if box is None:
        return None
    file.seek(box.begin)
    width = 8 if exactly(file, 4)[0] == 1 else 4
    exactly(file, 2 * width)
    timescale, duration = number(exactly(file, 4)), number(exactly(file, width))
    return None if duration in UNKNOWN_DURATIONS or not timescale else duration / timescale
