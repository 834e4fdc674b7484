"""One whole job, judged by another reader (PyAV): what comes out is what the contract promises."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.domain.states import Motion, MotionMade, Phase
from app.media.media_types import MediaType
from tests.support.media_samples import BLUE, GREEN, RED, WHITE, Samples, patches, wav_bytes
from worker.errors import RenderFailed
from worker.execution.render import Rendered, render
from worker.execution.stages import RenderConfig, Upload

MODELS = Settings().face_model_dir
TERMS = RenderConfig(max_image_pixels=50_000_000, max_audio_seconds=60, face_model_dir=MODELS)
FRAME = Fraction(1, 25)


def made(
    folder: Path,
    image: Path,
    audio: Path,
    audio_type: MediaType = MediaType.WAV,
    *,
    image_type: MediaType = MediaType.PNG,
    motion: Motion = Motion.STILL,
    loudness_lufs: float | None = None,
    told: list[tuple[Phase, float]] | None = None,
) -> Rendered:
    upload = Upload(
        image, image_type, audio, audio_type, RenderOptions(motion=motion, loudness=loudness_lufs)
    )
    log = [] if told is None else told
    return render(upload, folder, TERMS, lambda phase, share: log.append((phase, share)))


@dataclass
class Film:
    """What PyAV finds in a file."""

    video: dict[str, Any]
    sound: dict[str, Any]
    frame_times: list[Fraction]
    first_frame: Image.Image
    last_frame: Image.Image
    samples: np.ndarray[Any, np.dtype[np.float32]]


def _streams(path: Path) -> Iterator[dict[str, Any]]:
    with av.open(str(path)) as file:
        for stream in (file.streams.video[0], file.streams.audio[0]):
            context, tick = stream.codec_context, stream.time_base or Fraction(0)
            yield {
                "codec": context.name,
                "profile": context.profile,
                "start": (stream.start_time or 0) * tick,
                "seconds": (stream.duration or 0) * tick,
                "context": context,
            }


def _image(frame: av.VideoFrame) -> Image.Image:
    image: Image.Image = frame.to_image()  # type: ignore[no-untyped-call]
    return image


def watch(path: Path) -> Film:
    """Decodes all of it."""
    video, sound = _streams(path)
    with av.open(str(path)) as file:
        frames = list(file.decode(video=0))
    with av.open(str(path)) as file:
        pieces = [frame.to_ndarray() for frame in file.decode(audio=0)]
    times = [Fraction(frame.pts or 0) * (frame.time_base or 0) for frame in frames]
    first, last = (_image(frame) for frame in (frames[0], frames[-1]))
    return Film(video, sound, times, first, last, np.concatenate(pieces, axis=1))


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    spots = [(x * image.width // 4, y * image.height // 4) for y in (1, 3) for x in (1, 3)]
    return [tuple(image.getpixel(spot)) for spot in spots]  # type: ignore[arg-type]


def assert_patches(image: Image.Image) -> None:
    assert np.allclose(np.array(corners(image)), np.array([RED, GREEN, BLUE, WHITE]), atol=10)


def index_is_first(path: Path) -> bool:
    content, names, place = path.read_bytes(), [], 0
    while place < len(content):
        size, name = struct.unpack_from(">I4s", content, place)
        names.append(name)
        place += size
    return names.index(b"moov") < names.index(b"mdat")


def edits(path: Path) -> list[tuple[int, int]]:
    """(duration, media time) of each track's one edit (ISO/IEC 14496-12, 8.6.6), version 0."""
    boxes = path.read_bytes().split(b"elst")[1:]
    found = [struct.unpack_from(">IIIi", box) for box in boxes]
    assert [(version, count) for version, count, _, _ in found] == [(0, 1)] * len(found)
    return [(duration, media_time) for _, _, duration, media_time in found]


def test_players_cut_the_sound_to_the_sample(samples: Samples, folder: Path) -> None:
    audio = samples.written("cut-exact.wav", wav_bytes(bytes(2 * 30_001)))
    video, sound = edits(made(folder, samples.picture(), audio).path)
    assert video == (17 * 44_100 // 25, 0)
    assert sound == (30_001, 1024)


def test_the_video_is_what_the_contract_promises(samples: Samples, folder: Path) -> None:
    source = samples.tone("voice.mp3", "-q:a", "4", seconds=12.34)
    rendered = made(folder, samples.picture(), source, MediaType.MP3)
    film = watch(rendered.path)
    context = film.video["context"]
    assert (film.video["codec"], film.video["profile"], context.pix_fmt) == ("h264", "High", "yuv420p")
    assert (context.colorspace, context.color_primaries, context.color_trc, context.color_range) == (
        1,
        1,
        1,
        1,
    )
    assert (context.width, context.height, context.has_b_frames) == (384, 288, False)
    assert (film.sound["codec"], film.sound["profile"]) == ("aac", "LC")
    assert (film.video["start"], film.sound["start"]) == (0, 0)
    assert film.sound["seconds"] == Fraction("12.34")
    assert abs(film.video["seconds"] - Fraction("12.34")) < FRAME
    assert film.frame_times == [number * FRAME for number in range(len(film.frame_times))]
    assert len(film.frame_times) * FRAME == film.video["seconds"]
    assert index_is_first(rendered.path)
    assert_patches(film.first_frame)
    assert_patches(film.last_frame)
    assert (rendered.facts.width, rendered.facts.height, rendered.facts.duration_seconds) == (384, 288, 12.34)


@pytest.mark.parametrize("sample_count", [1, 2, 881, 883, 44_100, 44_101, 442_000])
@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_lengths_are_exact(samples: Samples, folder: Path, sample_count: int, rate: int) -> None:
    audio = samples.written("exact.wav", wav_bytes(b"\0\x10" * sample_count, sample_rate=rate))
    video, sound = _streams(made(folder, samples.picture(), audio).path)
    assert sound["seconds"] == Fraction(sample_count, rate)
    assert abs(video["seconds"] - sound["seconds"]) < FRAME
    assert (video["start"], sound["start"]) == (0, 0)


@pytest.mark.parametrize("layout", ["mono", "stereo", "7.1"])
def test_the_sound_is_where_it_was(samples: Samples, folder: Path, layout: str) -> None:
    """A noise of 40 ms is found by correlation where the upload has it."""
    rate, channels, place = 44_100, {"mono": 1, "stereo": 2, "7.1": 8}[layout], 30_000
    noise = np.random.default_rng(7).integers(-12_000, 12_000, 1764).astype("<i2")
    track = np.zeros(66_150, "<i2")
    track[place : place + noise.size] = noise
    pcm = np.repeat(track[:, None], channels, axis=1).tobytes()
    audio = samples.written("click.wav", wav_bytes(pcm, channels=channels, sample_rate=rate))
    heard = watch(made(folder, samples.picture(), audio).path).samples
    assert heard.shape[0] == min(2, channels)
    found = int(np.argmax(np.correlate(heard[0], noise.astype(np.float32), mode="valid")))
    assert abs(found - place) <= rate // 1000


def test_sound_is_levelled_only_where_that_was_asked_for(samples: Samples, folder: Path) -> None:
    audio = samples.tone("tone.m4a", "-c:a", "aac", "-movie_timescale", "44100", seconds=2)
    renders = [
        made(_new(folder, name), samples.picture(), audio, MediaType.M4A, loudness_lufs=lufs)
        for name, lufs in (("as it was", None), ("levelled", -20))
    ]

    plain, levelled = (watch(rendered.path) for rendered in renders)
    assert [(each.facts.loudness, each.facts.loudness_before) for each in renders] == [
        (None, None),
        (pytest.approx(-20, abs=0.2), pytest.approx(-11, abs=3)),
    ]
    assert plain.sound["seconds"] == levelled.sound["seconds"] == 2
    assert np.abs(levelled.samples).max() < np.abs(plain.samples).max() / 2
    assert levelled.frame_times == plain.frame_times


def _new(folder: Path, name: str) -> Path:
    path = folder / name
    path.mkdir()
    return path


def test_a_turned_photograph_is_upright_in_the_video(samples: Samples, folder: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = folder / "turned.jpg"
    patches().transpose(Image.Transpose.ROTATE_90).save(image, exif=exif, quality=95)
    audio = samples.tone("s16.wav", seconds=1.5)
    rendered = made(folder, image, audio, image_type=MediaType.JPEG)
    film = watch(rendered.path)
    assert film.first_frame.size == (rendered.facts.width, rendered.facts.height) == (384, 288)
    assert_patches(film.first_frame)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (33, 47), (2000, 2000)])
def test_every_size_of_picture_becomes_a_video(samples: Samples, folder: Path, size: tuple[int, int]) -> None:
    image = folder / "sized.png"
    Image.new("RGB", size, RED).save(image)
    rendered = made(folder, image, samples.written("short.wav", wav_bytes(bytes(8820))))
    assert rendered.facts.width % 2 == rendered.facts.height % 2 == 0
    assert (
        16
        <= min(rendered.facts.width, rendered.facts.height)
        <= max(rendered.facts.width, rendered.facts.height)
        <= 1920
    )
    assert np.allclose(np.array(corners(watch(rendered.path).first_frame)), np.array(RED), atol=10)


def test_progress_never_falls_and_ends_at_the_whole(samples: Samples, folder: Path) -> None:
    told: list[tuple[Phase, float]] = []
    made(folder, samples.picture(), samples.tone("s16.wav", seconds=1.5), told=told)
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1)
    phases = list(dict.fromkeys(phase for phase, _ in told))
    assert phases == [Phase.PICTURE, Phase.SOUND, Phase.VIDEO, Phase.MUXING, Phase.CHECKING]


@pytest.mark.parametrize(
    ("motion", "codes"),
    [
        (Motion.STILL, []),
        (Motion.AUTO, ["no_face"]),
    ],
)
def test_what_was_degraded_is_told(samples: Samples, folder: Path, motion: Motion, codes: list[str]) -> None:
    rendered = made(folder, samples.picture(), samples.tone("s16.wav", seconds=1.5), motion=motion)
    assert rendered.facts.motion is MotionMade.STILL
    assert [notice.code for notice in rendered.facts.notices] == codes


def test_notices_of_both_files_are_kept(samples: Samples, folder: Path) -> None:
    image = folder / "large.png"
    patches(2400, 1800).save(image)
    audio = samples.written("lying.wav", wav_bytes(bytes(8820), claimed_bytes=88_200))
    codes = [notice.code for notice in made(folder, image, audio).facts.notices]
    assert codes == ["image_downscaled", "audio_header_wrong"]


def test_a_failure_names_the_file(samples: Samples, folder: Path) -> None:
    rubbish = samples.written("rubbish", bytes(5000))
    voice = samples.tone("s16.wav", seconds=1.5)
    with pytest.raises(RenderFailed, match="The image file"):
        made(folder, rubbish, voice)
    with pytest.raises(RenderFailed, match="The audio file"):
        made(folder, samples.picture(), rubbish)
