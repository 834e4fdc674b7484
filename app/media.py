"""What a file is, by its bytes. The client's file name and declared type are never asked.

The tables are short on purpose: they keep out what is plainly something else (a PDF, a playlist, a
picture where a voice should be). That a file can be decoded is found out by decoding it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import NamedTuple

#: How many first bytes the sniffers want: room for some leading rubbish and two of the longest MP3 frames.
SNIFF_BYTES = 4096


class MediaType(StrEnum):
    """The accepted types, by their registered media type."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    M4A = "audio/mp4"
    OGG = "audio/ogg"


def sniff_image(head: bytes) -> MediaType | None:
    """The picture format that a file beginning with `head` has, or None if it is none of ours.

    `head` is the file's first `SNIFF_BYTES` bytes, or the whole file where it is shorter.
    """
    if head[:3] == b"\xff\xd8\xff" and head[3:4] in _JPEG_SECOND_MARKERS:
        return MediaType.JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR":
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and head[12:16] in {b"VP8 ", b"VP8L", b"VP8X"}:
        return MediaType.WEBP
    return None


def sniff_audio(head: bytes) -> MediaType | None:
    """The sound format that a file beginning with `head` has, or None if it is none of ours.

    `head` is the file's first `SNIFF_BYTES` bytes, or the whole file where it is shorter.
    """
    if head[:4] in {b"RIFF", b"RF64"}:
        return MediaType.WAV if head[8:12] == b"WAVE" else None
    if head[4:8] == b"ftyp":
        return MediaType.M4A if _may_hold_sound(_brands(head)) else None
    if head[:4] == b"OggS":
        return MediaType.OGG if _is_vorbis_or_opus(head) else None
    return MediaType.MP3 if _is_mp3(head) else None


#: For each of a submission's two files: what tells its type, and what is accepted, in words.
FILE_RULES: dict[str, tuple[Callable[[bytes], MediaType | None], str]] = {
    "image": (sniff_image, "a JPEG, PNG or WebP picture"),
    "audio": (sniff_audio, "an MP3, WAV, M4A or Ogg (Vorbis or Opus) recording"),
}

#: What a voice may be brought to: from quieter than any broadcaster wants it to as loud as sound gets without
#: being crushed.
MIN_LOUDNESS_LUFS, MAX_LOUDNESS_LUFS = -30, -8

# JPEG (ITU-T T.81, B.1.1.3): what may follow the SOI marker: SOF0-2, DHT, DQT, DRI, APPn, COM, a fill byte.
_JPEG_SECOND_MARKERS = frozenset(
    bytes([marker]) for marker in (0xC0, 0xC1, 0xC2, 0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE, 0xFF)
)

# ISO base media (ISO/IEC 14496-12, 4.3): brands of files that may hold sound, and those that are pictures
# although they name a general brand beside their own (HEIF, AVIF, Canon raw).
_SOUND_BRANDS = frozenset(
    b"M4A |M4B |F4A |mp41|mp42|isom|iso2|iso3|iso4|iso5|iso6|iso7|iso8|iso9|dash|3gp4|3gp5|3gp6|3g2a".split(
        b"|"
    )
)
_PICTURE_BRANDS = frozenset(
    b"heic|heix|heim|heis|hevc|hevx|mif1|mif2|msf1|avif|avis|crx |jxl |jp2 ".split(b"|")
)


def _brands(head: bytes) -> set[bytes]:
    """The major and the compatible brands of an `ftyp` box, as far as `head` holds them."""
    box = head[: int.from_bytes(head[:4], "big")]
    places = (8, *range(16, len(box) - 3, 4))
    return {box[at : at + 4] for at in places}


def _may_hold_sound(brands: set[bytes]) -> bool:
    return bool(brands & _SOUND_BRANDS) and not brands & _PICTURE_BRANDS


def _is_vorbis_or_opus(head: bytes) -> bool:
    """Looks into the first packet of an Ogg page (RFC 3533, section 6) that begins a stream."""
    if len(head) < 28 or head[4] != 0 or not head[5] & 0x02:
        return False
    packet = head[27 + head[26] :]
    return packet.startswith((b"\x01vorbis", b"OpusHead"))


class _Frame(NamedTuple):
    """What an MPEG audio frame header says: its length, and what stays the same in every frame of a file."""

    length_bytes: int
    kind: tuple[int, int]


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
_LONGEST_FRAME_BYTES = 1441


def _frame(head: bytes, at: int) -> _Frame | None:
    """Reads the layer III frame header at `at` (ISO/IEC 11172-3, 2.4.1.3); None if it isn't one.

    ADTS (raw AAC) begins with the same sync word, but has layer 0.
    """
    word = int.from_bytes(head[at : at + 4], "big") if len(head) >= at + 4 else 0
    version, layer = word >> 19 & 3, word >> 17 & 3
    bitrate_index, rate_index = word >> 12 & 15, word >> 10 & 3
    if word >> 21 != 0x7FF or layer != _LAYER_3 or version not in _SAMPLE_RATES:
        return None
    if bitrate_index in {0, 15} or rate_index == 3 or word & 3 == 2:
        return None
    sample_rate = _SAMPLE_RATES[version][rate_index]
    length_bytes = _length_bytes(version, bitrate_index, sample_rate) + (word >> 9 & 1)
    return _Frame(length_bytes, (version, sample_rate))


def _length_bytes(version: int, bitrate_index: int, sample_rate: int) -> int:
    if version == _MPEG1:
        return 144_000 * _BITRATES_KBPS_MPEG1[bitrate_index - 1] // sample_rate
    return 72_000 * _BITRATES_KBPS_MPEG2[bitrate_index - 1] // sample_rate


def _frames(head: bytes, at: int) -> Iterator[_Frame]:
    """The frames that follow each other from `at` on and agree in kind."""
    first = frame = _frame(head, at)
    while first and frame and frame.kind == first.kind:
        yield frame
        at += frame.length_bytes
        frame = _frame(head, at)


def _is_mp3(head: bytes) -> bool:
    tag_bytes = _id3_bytes(head)
    if tag_bytes >= len(head):
        return len(head) >= SNIFF_BYTES
    return _begins_with_frames(head[tag_bytes:]) or _has_frames_after_rubbish(head[tag_bytes:])


def _id3_bytes(head: bytes) -> int:
    """The length of the ID3v2 tag (id3.org, ID3v2.4.0 section 3.1) that `head` begins with; 0 without one."""
    if len(head) < 10 or head[:3] != b"ID3" or head[3] not in {2, 3, 4} or max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    has_footer = head[3] == 4 and head[5] & 0x10
    return 10 + size + (10 if has_footer else 0)


def _begins_with_frames(head: bytes) -> bool:
    """One frame header is enough only where the second would lie beyond `head`."""
    frames = list(_frames(head, 0))
    return len(frames) > 1 or (len(frames) == 1 and frames[0].length_bytes + 4 > len(head))


def _has_frames_after_rubbish(head: bytes) -> bool:
    """Recognises padding, or the end of a cut frame, before two frames that agree."""
    if not _is_rubbish(head):
        return False
    places = range(1, min(len(head), _LONGEST_FRAME_BYTES))
    return any(len(list(_frames(head, at))) > 1 for at in places if head[at] == 0xFF)


def _is_rubbish(head: bytes) -> bool:
    """Whether `head` begins like no other format: with zeros, or with a byte that no text begins with."""
    if sniff_image(head) or head[:8] == b"\x89PNG\r\n\x1a\n" or _is_adts(head):
        return False
    return head[:4] == bytes(4) or head[:1] >= b"\x80"


def _is_adts(head: bytes) -> bool:
    return head[:1] == b"\xff" and head[1:2] in {b"\xf0", b"\xf1", b"\xf8", b"\xf9"}
