"""Elements of EBML (RFC 8794), as far as they tell a sound in WebM (RFC 9559) from a film."""

from __future__ import annotations

from collections.abc import Iterator

#: Elements, by their ids: the header and its DocType; Segment, Tracks, TrackEntry and TrackType.
EBML, DOC_TYPE = 0x1A45DFA3, 0x4282
SEGMENT, TRACKS, TRACK_ENTRY, TRACK_TYPE = 0x18538067, 0x1654AE6B, 0xAE, 0x83
CLUSTER = 0x1F43B675

VIDEO, AUDIO = 1, 2


def doc_type(head: bytes) -> bytes:
    """`webm` or `matroska`; nothing where `head` begins no EBML file."""
    return next(iter(_children(_children([head], EBML), DOC_TYPE)), b"")


def track_types(head: bytes) -> set[int]:
    """The kinds of the tracks, as far as `head` lists them."""
    return {
        int.from_bytes(value, "big")
        for segment in _children([head], SEGMENT)
        for entry in _children(_children([segment], TRACKS), TRACK_ENTRY)
        for value in _children([entry], TRACK_TYPE)
    }


def _children(parents: list[bytes], wanted: int) -> list[bytes]:
    return [content for parent in parents for kind, content in _elements(parent) if kind == wanted]


def _elements(stretch: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, content) of each element; the content ends where the stretch does, if not before."""
    at = 0
    while at < len(stretch):
        kind, id_bytes = _number(stretch, at, keeps_marker=True)
        size, size_bytes = _number(stretch, at + id_bytes, keeps_marker=False)
        begin = at + id_bytes + size_bytes
        if not id_bytes or not size_bytes or kind == CLUSTER:
            return
        is_unknown = size == (1 << 7 * size_bytes) - 1
        at = len(stretch) if is_unknown else begin + size
        yield kind, stretch[begin:at]


def _number(stretch: bytes, at: int, *, keeps_marker: bool) -> tuple[int, int]:
    """A number of variable length (RFC 8794, section 4), and how many bytes it has: 0 where there is none."""
    first = stretch[at] if at < len(stretch) else 0
    length = 9 - first.bit_length()
    if not first or at + length > len(stretch):
        return 0, 0
    value = int.from_bytes(stretch[at : at + length], "big")
    return (value if keeps_marker else value & ~(1 << 7 * length)), length
