"""What a file is, by its bytes. The client's file name and declared type are never asked.

The tables are short on purpose: they keep out what is plainly something else (a PDF, a playlist, a
picture where a voice should be). That a file can be decoded is found out by decoding it.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from app.media import ebml
from app.media.foreign_types import PICTURE, SOUND, Foreign, foreign
from app.media.isobmff import brands
from app.media.mpeg_audio import (
    SEARCH_BYTES,
    adts_frame,
    after_tags,
    begins_with_frames,
    first_mp3_frame,
    mp3_frame,
)

#: How many first bytes tell most files, and how many it may take to find a sound behind rubbish.
GLANCE_BYTES, SNIFF_BYTES = 4096, SEARCH_BYTES


class MediaType(StrEnum):
    """The accepted types, by their media type: registered, but for that of AIFF."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    HEIC = "image/heic"
    AVIF = "image/avif"
    MP3 = "audio/mpeg"
    WAV = "audio/wav"
    M4A = "audio/mp4"
    OGG = "audio/ogg"
    WEBM = "audio/webm"
    AAC = "audio/aac"
    FLAC = "audio/flac"
    AIFF = "audio/aiff"


def sniff_image(head: bytes) -> MediaType | None:
    """The picture format that a file beginning with `head` has, or None if it is none of ours.

    `head` is the file's first `GLANCE_BYTES` bytes, or the whole file where it is shorter.
    """
    if head[:3] == b"\xff\xd8\xff" and head[3:4] in _JPEG_SECOND_MARKERS:
        return MediaType.JPEG
    if head[:8] == b"\x89PNG\r\n\x1a\n" and head[12:16] == b"IHDR":
        return MediaType.PNG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP" and head[12:16] in {b"VP8 ", b"VP8L", b"VP8X"}:
        return MediaType.WEBP
    return _boxed_picture(brands(head)) if head[4:8] == b"ftyp" else None


def sniff_audio(head: bytes) -> MediaType | None:
    """The sound format that a file beginning with `head` has, or None if it is none of ours.

    `head` is the file's first `SNIFF_BYTES` bytes, or the whole file where it is shorter.
    """
    if head[:4] in {b"RIFF", b"RF64"}:
        return MediaType.WAV if head[8:12] == b"WAVE" else None
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return MediaType.AIFF
    if head[4:8] == b"ftyp":
        return MediaType.M4A if _may_hold_sound(brands(head)) else None
    if head[:4] == b"OggS":
        return MediaType.OGG if _is_vorbis_or_opus(head) else None
    if ebml.doc_type(head) == b"webm":
        return None if ebml.VIDEO in ebml.track_types(head) else MediaType.WEBM
    return _behind_tags(head)


class InputSpec(NamedTuple):
    """A file that a submission may bring: its part's name, what tells its type, and what is accepted.

    `sniff` is given the first `sniff_bytes` bytes; `bounds` says how large it may be unless the service is
    set otherwise.
    """

    name: str
    sniff: Callable[[bytes], MediaType | None]
    sniff_bytes: int
    accepted: str
    bounds: str
    is_required: bool = True

    def foreign(self, head: bytes) -> Foreign | None:
        """What a file of none of the accepted types is, where that is known."""
        if sniff_image(head):
            return PICTURE
        known = foreign(head)
        return SOUND if known is None and sniff_audio(head) else known


#: The files of a submission, by the names of their parts.
INPUTS: dict[str, InputSpec] = {
    spec.name: spec
    for spec in (
        InputSpec(
            "image",
            sniff_image,
            GLANCE_BYTES,
            "a JPEG, PNG, WebP, HEIC or AVIF picture",
            "at most 50 MiB and 50 megapixels",
        ),
        InputSpec(
            "audio",
            sniff_audio,
            SNIFF_BYTES,
            "an MP3, WAV, M4A, Ogg (Vorbis or Opus), WebM, AAC, FLAC or AIFF recording",
            "at most 50 MiB and 4 hours",
        ),
    )
}

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
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_HEVC_BRANDS = frozenset(b"heic|heix|heim|heis|hevc|hevx|hevm|hevs".split(b"|"))
_OTHER_PICTURE_BRANDS = frozenset({b"mif1", b"mif2", b"msf1", b"crx ", b"jxl ", b"jp2 "})


def _boxed_picture(named: set[bytes]) -> MediaType | None:
    """By the codec that a brand stands for (ISO/IEC 23008-12, annex B; AV1 Image File Format, section 7)."""
    if named & _AVIF_BRANDS:
        return MediaType.AVIF
    return MediaType.HEIC if named & _HEVC_BRANDS else None


def _may_hold_sound(named: set[bytes]) -> bool:
    return bool(named & _SOUND_BRANDS) and not named & (_AVIF_BRANDS | _HEVC_BRANDS | _OTHER_PICTURE_BRANDS)


def _is_vorbis_or_opus(head: bytes) -> bool:
    """Looks into the first packet of an Ogg page (RFC 3533, section 6) that begins a stream."""
    if len(head) < 28 or head[4] != 0 or not head[5] & 0x02:
        return False
    packet = head[27 + head[26] :]
    return packet.startswith((b"\x01vorbis", b"OpusHead"))


def _behind_tags(head: bytes) -> MediaType | None:
    """FLAC, or bare frames. What lies behind a tag longer than `head` is taken for an MP3's, for now."""
    begin = after_tags(head)
    if begin >= len(head) > 0:
        return MediaType.MP3 if len(head) >= SNIFF_BYTES else None
    rest = head[begin:]
    if rest[:8] in {b"fLaC\0\0\0\x22", b"fLaC\x80\0\0\x22"}:
        return MediaType.FLAC
    if begins_with_frames(rest, adts_frame):
        return MediaType.AAC
    if begins_with_frames(rest, mp3_frame):
        return MediaType.MP3
    if sniff_image(rest) or foreign(rest):
        return None
    return MediaType.MP3 if first_mp3_frame(rest) is not None else None
