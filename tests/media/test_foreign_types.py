"""What is said of a file that isn't taken: what it is, and what to do."""

from __future__ import annotations

import io
import re

import pytest
from PIL import Image

from app.errors import UnsupportedMediaType
from app.media.inspection import glanced, sniffed
from tests.media.test_media_types import picture, sound

VIDEO = ("-f", "lavfi", "-i", "testsrc=d=0.2:s=64x48", "-shortest")


def said(part: str, content: bytes) -> str:
    """The refusal of the whole file, which is that of its first bytes."""
    with pytest.raises(UnsupportedMediaType) as early:
        glanced(part, content[:4096])
    with pytest.raises(UnsupportedMediaType) as late:
        sniffed(part, content)
    assert early.value.sentence == late.value.sentence
    return late.value.sentence


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (picture("GIF"), "it is a GIF: save the frame you want as JPEG or PNG."),
        (picture("TIFF"), "it is a TIFF or a camera's raw picture: save it as JPEG or PNG."),
        (picture("BMP"), "it is a BMP picture: save it as JPEG or PNG."),
        (picture("ICO"), "it is an icon: save it as JPEG or PNG."),
        (picture("JPEG2000"), "it is a JPEG 2000 picture: save it as JPEG or PNG."),
        (picture("PDF"), "it is a PDF document: save the page you want as JPEG or PNG."),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "it is an SVG drawing: save it as JPEG or PNG."),
        (b"\xff\x0a\xfa\x7f", "it is a JPEG XL picture: save it as JPEG or PNG."),
        (
            b"\0\0\0\x18ftypmif1\0\0\0\0mif1miaf",
            "it is a HEIF picture of another codec than HEVC: save it as",
        ),
        (sound("-f", "mp3"), "it is a sound: a sound is sent as 'audio'."),
        (
            sound("-f", "mov", "-movflags", "empty_moov"),
            "it is a video: save the frame you want as JPEG or PNG.",
        ),
    ],
)
def test_a_picture_that_is_not_taken_is_named(content: bytes, expected: str) -> None:
    sentence = said("image", content)
    assert sentence.startswith("The 'image' file must be a JPEG, PNG, WebP, HEIC or AVIF picture; ")
    assert expected in sentence


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"#!AMR\n" + bytes(300), "it is an AMR recording: save it as MP3, M4A or WAV."),
        (sound("-f", "caf", "-c:a", "pcm_s16le"), "it is a Core Audio (CAF) recording: save it as"),
        (sound("-f", "w64"), "it is a Wave64 recording: save it as"),
        (sound("-f", "ac3"), "it is an AC-3 sound: save it as"),
        (sound("-f", "asf", "-c:a", "wmav2"), "it is a Windows Media file (WMA or WMV): save it as"),
        (sound("-f", "au"), "it is an AU sound: save it as"),
        (
            sound("-f", "ogg", "-c:a", "flac"),
            "it is an Ogg file of another codec than Vorbis or Opus: save it",
        ),
        (
            sound(*VIDEO, "-f", "ogg", "-c:v", "libtheora", "-c:a", "libvorbis"),
            "it is an Ogg video: save its sound",
        ),
        (
            sound(*VIDEO, "-f", "webm", "-c:v", "libvpx", "-c:a", "libopus"),
            "it is a video: save its sound alone",
        ),
        (sound(*VIDEO, "-f", "matroska"), "it is a video: save its sound alone"),
        (sound("-f", "matroska", "-c:a", "mp3"), "it is a Matroska file: save it as MP3, M4A or WAV."),
        (sound(*VIDEO, "-f", "avi"), "it is a video: save its sound alone"),
        (sound(*VIDEO, "-f", "mpegts"), "it is a video: save its sound alone"),
        (sound(*VIDEO, "-f", "flv", "-ar", "44100"), "it is a video: save its sound alone"),
        (sound(*VIDEO, "-f", "mov", "-movflags", "empty_moov"), "it is a video: save its sound alone"),
        (b"MThd\0\0\0\6\0\1", "it is a MIDI file, which holds notes and no sound: save it as MP3"),
        (b"#EXTM3U\n#EXTINF:1,\n", "it is a playlist, which holds no sound"),
        (b"PK\x03\x04" + bytes(40), "it is an archive, which has to be unpacked"),
        (picture("JPEG"), "it is a picture: a picture is sent as 'image'."),
        (picture("GIF"), "it is a GIF: a picture is sent as 'image'."),
    ],
)
def test_a_sound_that_is_not_taken_is_named(content: bytes, expected: str) -> None:
    sentence = said("audio", content)
    assert sentence.startswith("The 'audio' file must be an MP3, WAV, M4A, Ogg (Vorbis or Opus), WebM, AAC, ")
    assert expected in sentence


@pytest.mark.parametrize("part", ["image", "audio"])
def test_what_nobody_knows_is_something_else(part: str) -> None:
    with pytest.raises(UnsupportedMediaType) as refusal:
        sniffed(part, b"nothing that anybody knows")
    assert re.search("; its content is something else.$", refusal.value.sentence)


def test_a_picture_of_many_frames_is_taken_if_its_format_is() -> None:
    file = io.BytesIO()
    Image.new("RGB", (32, 32)).save(
        file, "WEBP", save_all=True, append_images=[Image.new("RGB", (32, 32), "red")]
    )
    assert glanced("image", file.getvalue()[:4096])
