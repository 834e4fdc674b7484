"""What the sniffers believe: real files of every accepted format, and what resembles them."""

from __future__ import annotations

import io
import subprocess
from functools import cache
from random import Random

import imageio_ffmpeg
import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from app.media.media_types import INPUTS, SNIFF_BYTES, MediaType, sniff_audio, sniff_image


@cache
def sound(*options: str) -> bytes:
    """Half a second of a tone, made by the real ffmpeg with `options` for the output."""
    argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-f", "lavfi", "-i", "sine=440:d=0.5"]
    done = subprocess.run([*argv, *options, "pipe:1"], capture_output=True, check=True, timeout=30)
    return done.stdout


pillow_heif.register_heif_opener()


@cache
def picture(file_format: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (32, 32), "teal").save(file, file_format)
    return file.getvalue()


MP4_FLAGS = ("-movflags", "empty_moov", "-f", "mp4")
MP3 = ("-f", "mp3", "-id3v2_version", "0", "-write_xing", "0")


def bare_mp3() -> bytes:
    return sound(*MP3)


@pytest.mark.parametrize(
    ("file_format", "expected"),
    [
        ("JPEG", MediaType.JPEG),
        ("PNG", MediaType.PNG),
        ("WEBP", MediaType.WEBP),
        ("HEIF", MediaType.HEIC),
        ("AVIF", MediaType.AVIF),
    ],
)
def test_an_accepted_picture_is_known_by_its_bytes(file_format: str, expected: MediaType) -> None:
    assert sniff_image(picture(file_format)[:SNIFF_BYTES]) is expected
    assert sniff_audio(picture(file_format)[:SNIFF_BYTES]) is None


@pytest.mark.parametrize("file_format", ["GIF", "BMP", "TIFF", "PDF", "JPEG2000", "ICO"])
def test_another_picture_format_is_refused(file_format: str) -> None:
    assert sniff_image(picture(file_format)[:SNIFF_BYTES]) is None
    assert sniff_audio(picture(file_format)[:SNIFF_BYTES]) is None


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (("-f", "mp3"), MediaType.MP3),
        (MP3, MediaType.MP3),
        ((*MP3, "-ar", "8000", "-b:a", "160k"), MediaType.MP3),
        ((*MP3, "-ar", "22050", "-b:a", "8k"), MediaType.MP3),
        ((*MP3, "-ar", "32000", "-b:a", "320k"), MediaType.MP3),
        (("-f", "wav"), MediaType.WAV),
        (("-f", "wav", "-rf64", "always"), MediaType.WAV),
        (("-f", "wav", "-c:a", "adpcm_ms"), MediaType.WAV),
        (("-f", "ipod", "-c:a", "aac", "-movflags", "empty_moov"), MediaType.M4A),
        (("-f", "ipod", "-c:a", "alac", "-movflags", "empty_moov"), MediaType.M4A),
        ((*MP4_FLAGS, "-c:a", "aac"), MediaType.M4A),
        (("-f", "ogg", "-c:a", "libvorbis"), MediaType.OGG),
        (("-f", "ogg", "-c:a", "libopus"), MediaType.OGG),
        (("-f", "webm", "-c:a", "libopus"), MediaType.WEBM),
        (("-f", "webm", "-c:a", "libvorbis"), MediaType.WEBM),
        (("-f", "webm", "-live", "1", "-c:a", "libopus"), MediaType.WEBM),
        (("-f", "adts", "-c:a", "aac"), MediaType.AAC),
        (("-f", "adts", "-c:a", "aac", "-write_id3v2", "1", "-metadata", "title=A"), MediaType.AAC),
        (
            (
                "-f",
                "flac",
            ),
            MediaType.FLAC,
        ),
        (
            (
                "-f",
                "aiff",
            ),
            MediaType.AIFF,
        ),
        (("-f", "aiff", "-c:a", "pcm_s16le"), MediaType.AIFF),
    ],
)
def test_an_accepted_sound_is_known_by_its_bytes(options: tuple[str, ...], expected: MediaType) -> None:
    assert sniff_audio(sound(*options)[:SNIFF_BYTES]) is expected
    assert sniff_image(sound(*options)[:SNIFF_BYTES]) is None


@pytest.mark.parametrize(
    "options",
    [
        ("-f", "ogg", "-c:a", "flac"),
        ("-f", "mp2"),
        ("-f", "ac3"),
        ("-f", "avi", "-c:a", "mp3"),
        ("-f", "matroska", "-c:a", "mp3"),
        ("-f", "mpegts", "-c:a", "mp3"),
        ("-f", "flv", "-c:a", "mp3", "-ar", "44100"),
        ("-f", "caf", "-c:a", "pcm_s16le"),
    ],
)
def test_another_sound_format_is_refused(options: tuple[str, ...]) -> None:
    assert sniff_audio(sound(*options)[:SNIFF_BYTES]) is None


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1/\n",
        b"%PDF-1.7\n",
        b"<html><body>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"RIFF\x10\0\0\0AVI LIST",
        b"\xff\xfea\0b\0c\0",
        b"\0" * SNIFF_BYTES,
        b"\xff" * SNIFF_BYTES,
        b"ID3\x04\0\0\0\0\0\0",
    ],
)
def test_what_is_neither_picture_nor_sound_is_refused(head: bytes) -> None:
    assert sniff_image(head) is None
    assert sniff_audio(head) is None


@pytest.mark.parametrize("length", [1, 300, 5_000, 65_000])
def test_an_mp3_may_begin_with_rubbish(length: int) -> None:
    rubbish = Random(length).randbytes(length)
    assert sniff_audio((b"\x07" + rubbish + bare_mp3())[:SNIFF_BYTES]) is MediaType.MP3


def test_an_mp3_may_begin_with_what_looks_like_two_frames() -> None:
    frame = bare_mp3()[:4] + bytes(205)
    assert sniff_audio((b"HTTP/1.1 200 OK\r\n" + frame * 2 + b"!" * 9 + bare_mp3())[:SNIFF_BYTES])
    assert sniff_audio((b"HTTP/1.1 200 OK\r\n" + frame * 2 + bytes(9_000))[:SNIFF_BYTES]) is None


def test_frames_after_more_rubbish_than_players_skip_do_not_count() -> None:
    assert sniff_audio((b"rubbish." * 8_192 + bare_mp3())[:SNIFF_BYTES]) is None


def test_an_ape_tag_may_come_first() -> None:
    tag = b"APETAGEX" + (2000).to_bytes(4, "little") + (500).to_bytes(4, "little") + bytes(500)
    assert sniff_audio((tag + bare_mp3())[:SNIFF_BYTES]) is MediaType.MP3


def test_several_tags_may_come_first() -> None:
    tag = b"ID3\x03\0\0\0\0\x07\x76" + bytes(1014)
    assert sniff_audio((tag + tag + bare_mp3())[:SNIFF_BYTES]) is MediaType.MP3


def test_an_mp3_may_begin_with_padding() -> None:
    assert sniff_audio((bytes(700) + bare_mp3())[:SNIFF_BYTES]) is MediaType.MP3


def test_an_mp3_may_begin_with_the_end_of_a_cut_frame() -> None:
    assert sniff_audio((b"\xc3\x28\xa0" * 100 + bare_mp3())[:SNIFF_BYTES]) is MediaType.MP3


@pytest.mark.parametrize(
    "cover",
    [b"ffconcat version 1.0\n", b"%PDF-1.7\n", b"\x1aE\xdf\xa3\x8bB\x82\x88matroska", b"\0\0\x01\xba"],
)
def test_mp3_frames_behind_the_beginning_of_another_format_do_not_count(cover: bytes) -> None:
    assert sniff_audio((cover + bytes(50) + bare_mp3())[:SNIFF_BYTES]) is None


def test_one_frame_header_alone_is_no_mp3() -> None:
    assert sniff_audio((bare_mp3()[:4] + bytes(3000))[:SNIFF_BYTES]) is None


def test_an_mp3_of_a_single_frame_is_accepted() -> None:
    assert sniff_audio(bare_mp3()[:208]) is MediaType.MP3


def test_a_tag_longer_than_the_head_is_taken_for_an_mp3s() -> None:
    tag = b"ID3\x03\0\0\0\x7f\0\0"
    assert sniff_audio((tag + bytes(SNIFF_BYTES))[:SNIFF_BYTES]) is MediaType.MP3


def test_what_comes_after_a_tag_decides() -> None:
    tag = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
    assert sniff_audio((tag + sound("-f", "flac"))[:SNIFF_BYTES]) is MediaType.FLAC
    assert sniff_audio((tag + sound("-f", "ac3"))[:SNIFF_BYTES]) is None
    assert sniff_audio((tag + picture("PNG"))[:SNIFF_BYTES]) is None


def test_a_film_in_webm_is_no_sound() -> None:
    video = ("-f", "lavfi", "-i", "testsrc=d=0.2:s=32x32", "-c:v", "libvpx", "-c:a", "libopus")
    assert sniff_audio(sound(*video, "-f", "webm")[:SNIFF_BYTES]) is None


@pytest.mark.parametrize(
    "brands", [b"heic\0\0\0\0mif1heic", b"crx \0\0\0\x01crx isom", b"avif\0\0\0\0mif1isom"]
)
def test_a_picture_in_an_iso_container_is_no_sound(brands: bytes) -> None:
    box = (len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands
    assert sniff_audio(box) is None


@pytest.mark.parametrize("packet", [b"Speex   1.2", b"\x80theora\x03\x02", b"\x7fFLAC\x01\0", b"fishead\0"])
def test_an_ogg_stream_that_begins_otherwise_is_refused(packet: bytes) -> None:
    page = b"OggS\0\x02" + bytes(20) + b"\x01" + bytes([len(packet)])
    assert sniff_audio(page + packet) is None
    assert sniff_audio(page + b"OpusHead\x01") is MediaType.OGG


@given(st.binary(max_size=200))
def test_the_sniffers_answer_any_bytes(head: bytes) -> None:
    assert not (sniff_image(head) or "image/").partition("image/")[0]
    assert not (sniff_audio(head) or "audio/").partition("audio/")[0]


@given(
    st.sampled_from([b"\0\0\0\x18ftyp", b"\x1aE\xdf\xa3", b"OggS", b"ID3", b"APETAGEX", b"FORM"]), st.binary()
)
def test_the_sniffers_answer_any_bytes_after_a_known_beginning(beginning: bytes, rest: bytes) -> None:
    for part, rule in INPUTS.items():
        assert rule.sniff(beginning + rest) in {None, *MediaType}
        found = rule.foreign(beginning + rest)
        assert found is None or found.told(part)
