"""POST /api/jobs: which files are taken, and which are refused for what their headers say."""

from __future__ import annotations

import io
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg, wav_bytes
from tests.support.world import World, png, wav
from tests.web.views.conftest import MakeWorld
from tests.web.views.submissions import file, is_untouched, refused

pillow_heif.register_heif_opener()


def picture(file_format: str, size: tuple[int, int] = (64, 48)) -> bytes:
    held = io.BytesIO()
    Image.new("RGB", size, "teal").save(held, file_format)
    return held.getvalue()


@pytest.mark.parametrize(("file_format", "media_type"), [("HEIF", MediaType.HEIC), ("AVIF", MediaType.AVIF)])
def test_pictures_of_phones_and_browsers_are_taken(
    world: World, file_format: str, media_type: MediaType
) -> None:
    job_id = world.alice.submitted(image=file(picture(file_format), "me.jpg", "image/jpeg"))

    assert world.claim(job_id).job.image_type is media_type


@pytest.mark.parametrize(
    ("name", "media_type", "options"),
    [
        ("voice.webm", MediaType.WEBM, ["-c:a", "libopus"]),
        ("voice.aac", MediaType.AAC, []),
        ("voice.flac", MediaType.FLAC, []),
        ("voice.aiff", MediaType.AIFF, []),
        ("ima.wav", MediaType.WAV, ["-c:a", "adpcm_ima_wav"]),
        ("ms.wav", MediaType.WAV, ["-c:a", "adpcm_ms"]),
        ("tag.mp3", MediaType.MP3, ["-metadata", f"comment={'long ' * 20_000}", "-id3v2_version", "3"]),
    ],
)
def test_sounds_of_phones_browsers_and_recorders_are_taken(
    world: World, tmp_path: Path, name: str, media_type: MediaType, options: list[str]
) -> None:
    sound = Samples(tmp_path).tone(name, *options, seconds=1, layout="mono").read_bytes()

    job_id = world.alice.submitted(audio=file(sound, "voice.mp3", "audio/mpeg"))

    assert world.claim(job_id).job.audio_type is media_type


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "HEIF", "AVIF"])
def test_a_picture_of_too_many_pixels_is_refused_by_its_header(
    make_world: MakeWorld, file_format: str
) -> None:
    world = make_world(max_image_pixels=64 * 48 - 1)

    answer = world.alice.submit(image=file(picture(file_format)))

    assert refused(answer, 400, "too_many_pixels", part="image")
    assert "64 x 48" in (answer.json or {})["error"]
    assert is_untouched(world)


@pytest.mark.parametrize("name", ["long.wav", "long.m4a", "long.flac", "long.aiff"])
def test_a_sound_that_is_too_long_by_its_header_is_refused(
    make_world: MakeWorld, tmp_path: Path, name: str
) -> None:
    world = make_world(max_audio_seconds=2)
    sound = Samples(tmp_path).tone(name, seconds=3, layout="mono", rate=16_000).read_bytes()

    answer = world.alice.submit(audio=file(sound))

    assert refused(answer, 400, "audio_too_long", part="audio")
    assert (answer.json or {})["error"] == "The audio is too long: at most 2 seconds are allowed."
    assert is_untouched(world)


def test_a_header_that_claims_more_than_is_there_is_not_believed(make_world: MakeWorld) -> None:
    world = make_world(max_audio_seconds=2)

    world.alice.submitted(audio=file(wav_bytes(bytes(88_200), claimed_bytes=10_000_000)))


def test_a_sound_without_a_sample_is_refused(world: World) -> None:
    answer = world.alice.submit(audio=file(wav(0)))

    assert refused(answer, 400, "no_sound", part="audio")
    assert is_untouched(world)


@pytest.mark.parametrize(
    ("part", "content"),
    [
        ("image", png()[:20]),
        ("image", b"\xff\xd8\xff\xe0\0\x10JFIF\0"),
        ("image", picture("HEIF")[:28]),
        ("audio", wav()[:36]),
        ("audio", b"OggS\0\2" + bytes(20) + b"\1\x13OpusHead" + bytes(11)),
    ],
)
def test_a_file_too_short_to_hold_anything_is_refused(world: World, part: str, content: bytes) -> None:
    answer = world.alice.submit(**{part: file(content)})

    assert refused(answer, 400, "file_too_short", part=part)
    assert f"it has {len(content)} bytes" in (answer.json or {})["error"]
    assert is_untouched(world)


@pytest.mark.parametrize("flags", ["+faststart", "+empty_moov+frag_keyframe", "-faststart"])
def test_a_video_is_no_voice_wherever_its_index_is(world: World, tmp_path: Path, flags: str) -> None:
    film = tmp_path / "film.mp4"
    ffmpeg(
        *("-f", "lavfi", "-i", "testsrc=d=1:s=64x48", "-f", "lavfi", "-i", "sine=d=1", "-c:v", "libx264"),
        *("-movflags", flags, film),
    )

    answer = world.alice.submit(audio=file(film.read_bytes()))

    assert refused(answer, 415, "unsupported_media_type", part="audio")
    assert (answer.json or {})["error"].endswith("; it is a video: save its sound alone, as MP3, M4A or WAV.")
    assert is_untouched(world)


def test_a_phone_s_amr_in_3gp_is_named(world: World, tmp_path: Path) -> None:
    recording = Samples(tmp_path).tone(
        "r.3gp", "-c:a", "libopencore_amrnb", rate=8000, layout="mono", seconds=1
    )

    answer = world.alice.submit(audio=file(recording.read_bytes()))

    assert refused(answer, 415, "unsupported_media_type", part="audio")
    assert "it is an AMR recording" in (answer.json or {})["error"]


def test_a_voice_with_a_cover_is_no_video(world: World, tmp_path: Path) -> None:
    samples = Samples(tmp_path)
    voice, book = samples.tone("voice.m4a", seconds=1), tmp_path / "book.m4a"
    cover = ("-map", "0:a", "-map", "1:v", "-c:a", "copy", "-c:v", "mjpeg", "-disposition:v", "attached_pic")
    ffmpeg("-i", voice, "-i", samples.picture(), *cover, book)

    world.alice.submitted(audio=file(book.read_bytes()))


def test_a_tag_that_hides_something_else_is_seen_through(world: World) -> None:
    tag = b"ID3\3\0\0\0\x10\0\0" + bytes(0x10 << 14)

    answer = world.alice.submit(audio=file(tag + png()))

    assert refused(answer, 415, "unsupported_media_type", part="audio")
    assert "it is a picture" in (answer.json or {})["error"]
    assert is_untouched(world)


def test_a_missing_part_comes_before_what_a_header_says(world: World) -> None:
    answer = world.alice.submit(image=None, audio=file(wav(0)))

    assert refused(answer, 400, "missing_part", part="image")
