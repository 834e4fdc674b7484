"""Formats that aren't taken, by their first bytes: what each is, and what to do instead."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import NamedTuple

from app.media import ebml
from app.media.isobmff import brands

SAVE_FRAME = "save the frame you want as JPEG or PNG"
SAVE_PAGE = "save the page you want as JPEG or PNG"


class Kind(StrEnum):
    """What a file is for."""

    PICTURE = "picture"
    SOUND = "sound"
    FILM = "film"


#: What to do with a file of a kind that came as a part.
_ADVICE = {
    ("image", Kind.PICTURE): "save it as JPEG or PNG",
    ("image", Kind.SOUND): "a sound is sent as 'audio'",
    ("image", Kind.FILM): SAVE_FRAME,
    ("audio", Kind.PICTURE): "a picture is sent as 'image'",
    ("audio", Kind.SOUND): "save it as MP3, M4A or WAV",
    ("audio", Kind.FILM): "save its sound alone, as MP3, M4A or WAV",
}


class Foreign(NamedTuple):
    """A format: `name` follows "it is"; `advice` is what to do with such a file, if its kind doesn't tell."""

    name: str
    kind: Kind
    advice: str = ""

    def told(self, part: str) -> str:
        """What it is and what to do, of a file that came as this part."""
        return f"{self.name}: {(part == 'image' and self.advice) or _ADVICE[part, self.kind]}"


FILM = Foreign("a video", Kind.FILM)
AMR = Foreign("an AMR recording", Kind.SOUND)
PICTURE = Foreign("a picture", Kind.PICTURE)
SOUND = Foreign("a sound", Kind.SOUND)

#: (pattern at the beginning, what that is). The first that fits counts.
_BEGINNINGS: tuple[tuple[re.Pattern[bytes], Foreign], ...] = tuple(
    (re.compile(pattern, re.DOTALL), format_)
    for pattern, format_ in (
        (rb"GIF8[79]a", Foreign("a GIF", Kind.PICTURE, SAVE_FRAME)),
        (rb"II[*+]\0|MM\0[*+]", Foreign("a TIFF or a camera's raw picture", Kind.PICTURE)),
        (rb"BM.{4}\0\0\0\0", Foreign("a BMP picture", Kind.PICTURE)),
        (rb"\0\0\x01\0", Foreign("an icon", Kind.PICTURE)),
        (rb"8BPS", Foreign("a Photoshop file", Kind.PICTURE)),
        (rb"\xff\x0a|\0\0\0\x0cJXL ", Foreign("a JPEG XL picture", Kind.PICTURE)),
        (rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51", Foreign("a JPEG 2000 picture", Kind.PICTURE)),
        (rb"\s*(<\?xml[^>]*>\s*)?(<!DOCTYPE svg[^>]*>\s*)?<svg", Foreign("an SVG drawing", Kind.PICTURE)),
        (rb"%PDF-", Foreign("a PDF document", Kind.PICTURE, SAVE_PAGE)),
        (rb"#!AMR", AMR),
        (rb"caff\0", Foreign("a Core Audio (CAF) recording", Kind.SOUND)),
        (rb"riff\x2e\x91\xcf\x11", Foreign("a Wave64 recording", Kind.SOUND)),
        (rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Foreign("a Windows Media file (WMA or WMV)", Kind.SOUND)),
        (rb"\x0b\x77", Foreign("an AC-3 sound", Kind.SOUND)),
        (rb"MThd", Foreign("a MIDI file, which holds notes and no sound", Kind.SOUND)),
        (rb"\.snd", Foreign("an AU sound", Kind.SOUND)),
        (rb"OggS.{24,300}?(fishead|\x80theora)", Foreign("an Ogg video", Kind.FILM)),
        (rb"OggS", Foreign("an Ogg file of another codec than Vorbis or Opus", Kind.SOUND)),
        (rb"RIFF.{4}AVI |FLV\x01|\0\0\x01[\xb3\xba]|G.{187}G.{187}G", FILM),
        (rb"#EXTM3U|\[playlist\]|ffconcat ", Foreign("a playlist, which holds no sound", Kind.SOUND)),
        (
            rb"PK\x03\x04|Rar!|7z\xbc\xaf|\x1f\x8b",
            Foreign("an archive, which has to be unpacked", Kind.SOUND),
        ),
        (rb"\s*<(!DOCTYPE )?html", Foreign("a web page", Kind.PICTURE)),
    )
)


def foreign(head: bytes) -> Foreign | None:
    """What a file beginning with `head` is, where that is known and isn't taken."""
    if head[4:8] == b"ftyp":
        return _boxed(brands(head))
    if ebml.doc_type(head):
        is_film = ebml.VIDEO in ebml.track_types(head)
        return FILM if is_film else Foreign("a Matroska file", Kind.SOUND)
    return next((named for pattern, named in _BEGINNINGS if pattern.match(head)), None)


def _boxed(named: set[bytes]) -> Foreign:
    """What the brands of an ISO base media file stand for."""
    if b"crx " in named:
        return Foreign("a camera's raw picture", Kind.PICTURE)
    if named & {b"jp2 ", b"jpx "}:
        return Foreign("a JPEG 2000 picture", Kind.PICTURE)
    if named & {b"mif1", b"mif2", b"msf1"}:
        return Foreign("a HEIF picture of another codec than HEVC", Kind.PICTURE)
    return FILM
