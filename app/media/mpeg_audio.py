"""MPEG audio as bare frames, behind tags: MP3 (ISO/IEC 11172-3), and AAC in ADTS (ISO/IEC 13818-7)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import BinaryIO, NamedTuple

from app.media.header_reader import number

#: How far behind the tags an MP3's first frame is looked for.
MAX_RUBBISH_BYTES = 64 * 1024

#: How many frames in a row tell a frame from what only looks like one.
FRAMES_IN_A_ROW = 3

LONGEST_MP3_FRAME_BYTES = 1441

#: What it takes to find the first frame, from the end of the tags on.
SEARCH_BYTES = MAX_RUBBISH_BYTES + FRAMES_IN_A_ROW * LONGEST_MP3_FRAME_BYTES + 4

ADTS_HEADER_BYTES = 7
ID3_HEADER_BYTES = 10

#: How many tags may follow each other.
MAX_TAGS = 16

_BITRATES_KBPS_MPEG1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_BITRATES_KBPS_MPEG2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_MPEG1 = 3
#: Samples per second by MPEG version (3: MPEG-1, 2: MPEG-2, 0: MPEG-2.5).
_SAMPLE_RATES = {
    _MPEG1: (44_100, 48_000, 32_000),
    2: (22_050, 24_000, 16_000),
    0: (11_025, 12_000, 8_000),
}
_LAYER_3 = 1
#: Frame headers of layer III begin so.
_SYNC = re.compile(rb"\xff[\xe2\xe3\xf2\xf3\xfa\xfb]")


class Frame(NamedTuple):
    """What a frame header says: its length, and what stays the same in every frame of a file."""

    length_bytes: int
    kind: tuple[int, ...]


ReadFrame = Callable[[bytes, int], Frame | None]


def mp3_frame(head: bytes, at: int) -> Frame | None:
    """Reads the layer III frame header at `at` (ISO/IEC 11172-3, 2.4.1.3); None if it isn't one.

    ADTS begins with the same sync word, but has layer 0.
    """
    word = number(head[at : at + 4]) if len(head) >= at + 4 else 0
    version, layer = word >> 19 & 3, word >> 17 & 3
    bitrate_index, rate_index = word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or layer != _LAYER_3 or version not in _SAMPLE_RATES:
        return None
    if bitrate_index in {0, 15} or rate_index == 3 or word & 3 == 2:
        return None
    sample_rate = _SAMPLE_RATES[version][rate_index]
    length_bytes = _length_bytes(version, bitrate_index, sample_rate) + (word >> 9 & 1)
    return Frame(length_bytes, (version, sample_rate))


def adts_frame(head: bytes, at: int) -> Frame | None:
    """Reads the ADTS header at `at` (ISO/IEC 13818-7, 6.2); None if it isn't one."""
    header = head[at : at + ADTS_HEADER_BYTES]
    if len(header) < ADTS_HEADER_BYTES or header[0] != 0xFF or header[1] & 0xF6 != 0xF0:
        return None
    rate_index = header[2] >> 2 & 15
    length_bytes = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
    if rate_index > 12 or length_bytes < ADTS_HEADER_BYTES:
        return None
    return Frame(length_bytes, (header[1] & 8, header[2] >> 6, rate_index))


def begins_with_frames(head: bytes, read_frame: ReadFrame, at: int = 0) -> bool:
    """Whether frames that agree follow each other from `at` on: three, or as many as `head` has room for."""
    frames = list(islice(_frames(head, at, read_frame), FRAMES_IN_A_ROW))
    end = at + sum(frame.length_bytes for frame in frames)
    return bool(frames) and (len(frames) == FRAMES_IN_A_ROW or end + ADTS_HEADER_BYTES > len(head))


def first_mp3_frame(head: bytes) -> int | None:
    """Where the first of three frames in a row begins, after whatever comes before it."""
    if begins_with_frames(head, mp3_frame):
        return 0
    for found in _SYNC.finditer(head, 0, MAX_RUBBISH_BYTES):
        if len(list(islice(_frames(head, found.start(), mp3_frame), FRAMES_IN_A_ROW))) == FRAMES_IN_A_ROW:
            return found.start()
    return None


def tag_bytes(head: bytes) -> int:
    """The length of the tag that `head` begins with; 0 without one.

    ID3v2 (id3.org, ID3v2.4.0 section 3.1), or APEv2 (by Hydrogenaudio) with its header first.
    """
    if head[:8] == b"APETAGEX" and len(head) >= 32:
        return 32 + int.from_bytes(head[12:16], "little")
    if (
        len(head) < ID3_HEADER_BYTES
        or head[:3] != b"ID3"
        or head[3] not in {2, 3, 4}
        or max(head[6:10]) > 0x7F
    ):
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    has_footer = head[3] == 4 and head[5] & 0x10
    return ID3_HEADER_BYTES + size + (ID3_HEADER_BYTES if has_footer else 0)


def after_tags(head: bytes) -> int:
    """Where the sound begins, behind the tags: beyond `head` if the last of them reaches so far."""
    at = 0
    for _ in range(MAX_TAGS):
        length = tag_bytes(head[at : at + 32])
        if not length:
            break
        at += length
    return at


def skip_tags(file: BinaryIO) -> int:
    """The same of a file, whatever the length of its tags."""
    at = 0
    for _ in range(MAX_TAGS):
        file.seek(at)
        length = tag_bytes(file.read(32))
        if not length:
            break
        at += length
    return at


def _length_bytes(version: int, bitrate_index: int, sample_rate: int) -> int:
    if version == _MPEG1:
        return 144_000 * _BITRATES_KBPS_MPEG1[bitrate_index - 1] // sample_rate
    return 72_000 * _BITRATES_KBPS_MPEG2[bitrate_index - 1] // sample_rate


def _frames(head: bytes, at: int, read_frame: ReadFrame) -> Iterator[Frame]:
    """The frames that follow each other from `at` on and agree in kind."""
    first = frame = read_frame(head, at)
    while first and frame and frame.kind == first.kind:
        yield frame
        at += frame.length_bytes
        frame = read_frame(head, at)
