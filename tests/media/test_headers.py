"""What headers say of real files: the size of a picture, the length of a sound; and that they are there."""

from __future__ import annotations

import struct
from pathlib import Path
from random import Random
from typing import Any

import pillow_heif
import pytest
from PIL import Image

from app.media.image_headers import image_size
from app.media.media_types import MediaType
from app.media.sound_headers import sound_seconds
from tests.support.media_samples import Samples, ffmpeg, wav_bytes

pillow_heif.register_heif_opener()

PICTURES = [
    ("x.jpg", MediaType.JPEG, {}),
    (
        "x.jpg",
        MediaType.JPEG,
        {"progressive": True, "exif": b"Exif\0\0" + bytes(5000), "comment": b"c" * 900},
    ),
    ("x.png", MediaType.PNG, {}),
    ("x.webp", MediaType.WEBP, {}),
    ("x.webp", MediaType.WEBP, {"lossless": True}),
    ("x.webp", MediaType.WEBP, {"exif": b"Exif\0\0II*\0\x08\0\0\0\0\0"}),
    ("x.heic", MediaType.HEIC, {}),
    ("x.heic", MediaType.HEIC, {"tile_size": 128}),
    ("x.avif", MediaType.AVIF, {}),
]
SOUNDS = [
    ("x.wav", MediaType.WAV, ()),
    ("x.wav", MediaType.WAV, ("-c:a", "pcm_f32le")),
    ("x.wav", MediaType.WAV, ("-rf64", "always")),
    ("x.wav", MediaType.WAV, ("-c:a", "pcm_alaw")),
    ("x.wav", MediaType.WAV, ("-c:a", "adpcm_ima_wav")),
    ("x.wav", MediaType.WAV, ("-c:a", "adpcm_ms")),
    ("x.m4a", MediaType.M4A, ("-c:a", "aac")),
    ("x.m4a", MediaType.M4A, ("-c:a", "alac", "-movflags", "+faststart")),
    ("x.flac", MediaType.FLAC, ()),
    ("x.aiff", MediaType.AIFF, ()),
    ("x.aiff", MediaType.AIFF, ("-c:a", "pcm_s24be")),
    ("x.aiff", MediaType.AIFF, ("-c:a", "pcm_alaw")),
]


def written(folder: Path, content: bytes) -> Path:
    path = folder / "written"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(("name", "media_type", "options"), PICTURES)
def test_a_picture_says_how_large_it_is(
    tmp_path: Path, name: str, media_type: MediaType, options: dict[str, Any]
) -> None:
    path = tmp_path / name
    Image.effect_noise((450, 302), 60).convert("RGB").save(path, **options)

    assert image_size(path, media_type) == (450, 302)


@pytest.mark.parametrize(("name", "media_type", "options"), PICTURES)
def test_a_picture_that_ends_in_its_header_is_known_to(
    tmp_path: Path, name: str, media_type: MediaType, options: dict[str, Any]
) -> None:
    path = tmp_path / name
    Image.effect_noise((450, 302), 60).convert("RGB").save(path, **options)

    with pytest.raises(EOFError):
        image_size(written(tmp_path, path.read_bytes()[:24]), media_type)


@pytest.mark.parametrize(("name", "media_type", "options"), SOUNDS)
def test_a_sound_says_how_long_it_is(
    tmp_path: Path, name: str, media_type: MediaType, options: tuple[str, ...]
) -> None:
    path = Samples(tmp_path).tone(name, *options, seconds=3)

    assert sound_seconds(path, media_type) == pytest.approx(3, abs=0.1)


@pytest.mark.parametrize(
    ("name", "media_type", "options"),
    [
        ("x.mp3", MediaType.MP3, ()),
        ("x.aac", MediaType.AAC, ()),
        ("x.ogg", MediaType.OGG, ()),
        ("x.webm", MediaType.WEBM, ()),
        ("x.m4a", MediaType.M4A, ("-movflags", "empty_moov+frag_keyframe")),
    ],
)
def test_some_sounds_do_not_say(
    tmp_path: Path, name: str, media_type: MediaType, options: tuple[str, ...]
) -> None:
    assert sound_seconds(Samples(tmp_path).tone(name, *options, seconds=1), media_type) is None


@pytest.mark.parametrize("claimed_bytes", [0, 0xFFFF_FFFF, 882_000])
def test_a_wav_is_as_long_as_what_is_there(tmp_path: Path, claimed_bytes: int) -> None:
    path = written(tmp_path, wav_bytes(bytes(88_200), claimed_bytes=claimed_bytes))

    assert sound_seconds(path, MediaType.WAV) == 1


def test_an_aiff_is_as_long_as_what_is_there(tmp_path: Path) -> None:
    content = bytearray(Samples(tmp_path).tone("x.aiff", seconds=1).read_bytes())
    at = content.index(b"COMM") + 10
    content[at : at + 4] = struct.pack(">I", 0x7FFF_FFFF)

    assert sound_seconds(written(tmp_path, bytes(content)), MediaType.AIFF) == pytest.approx(1)


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (MediaType.WAV, wav_bytes(b"")),
        (MediaType.WAV, wav_bytes(b"\0")),
        (
            MediaType.AIFF,
            b"FORM\0\0\0\x2eAIFFCOMM\0\0\0\x12\0\1\0\0\0\0\0\x10\x40\x0e\xac\x44"
            + bytes(6)
            + b"SSND\0\0\0\x08"
            + bytes(8),
        ),
    ],
)
def test_no_samples_are_no_sound(tmp_path: Path, media_type: MediaType, content: bytes) -> None:
    assert sound_seconds(written(tmp_path, content), media_type) == 0


def test_a_film_without_a_sound_track_holds_none(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg("-f", "lavfi", "-i", "testsrc=d=0.2", "-c:v", "libx264", film)

    assert sound_seconds(film, MediaType.M4A) == 0


@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        (MediaType.WAV, b"RIFF\0\0\0\0WAVE"),
        (MediaType.AIFF, b"FORM\0\0\0\4AIFF"),
        (MediaType.FLAC, b"fLaC\0\0\0\x22" + bytes(34)),
        (MediaType.OGG, b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead" + bytes(11)),
        (MediaType.MP3, b"ID3\3\0\0\0\0\0\x0a" + bytes(10)),
        (MediaType.AAC, b"\xff\xf1"),
    ],
)
def test_a_sound_that_ends_in_its_header_is_known_to(
    tmp_path: Path, media_type: MediaType, content: bytes
) -> None:
    with pytest.raises(EOFError):
        sound_seconds(written(tmp_path, content), media_type)


@pytest.mark.parametrize(("name", "media_type", "options"), [*PICTURES, *SOUNDS])
def test_damaged_headers_end_in_an_answer(
    tmp_path: Path, name: str, media_type: MediaType, options: object
) -> None:
    path = tmp_path / name
    is_picture = isinstance(options, dict)
    if is_picture:
        Image.effect_noise((64, 48), 60).convert("RGB").save(path)
    else:
        Samples(tmp_path).tone(name, seconds=0.1)
    content, random = path.read_bytes(), Random(name)
    for _ in range(300):
        damaged = bytearray(content[: random.randrange(len(content))])
        for _ in range(min(len(damaged), 8)):
            damaged[random.randrange(len(damaged))] = random.choice((0, 1, 0x7F, 0xFF))
        try:
            found = (image_size if is_picture else sound_seconds)(
                written(tmp_path, bytes(damaged)), media_type
            )
        except EOFError:
            continue
        assert found is None or isinstance(found, tuple | float | int)
