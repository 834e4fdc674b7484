"""The last look at a finished file refuses what was not promised."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import av
import pytest

from app.domain.states import Motion, MotionMade
from app.media.media_types import MediaType
from tests.support.media_samples import Samples, ffmpeg
from worker.engines.still import still
from worker.errors import CheckFailed
from worker.picture.normalisation import normalise
from worker.scene import Scene, SoundTrack, VideoTrack
from worker.sound.aac import encode
from worker.sound.decoding import decode
from worker.video.mux import mux
from worker.video.verification import check

#: What every MP4 has: its file type box.
BRANDS = {"major_brand", "minor_version", "compatible_brands"}


def nobody(_: float) -> None:
    """Takes no interest in progress."""


@pytest.fixture(scope="module")
def scene(samples: Samples, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    folder = tmp_path_factory.mktemp("scene")
    picture = normalise(samples.picture(), MediaType.PNG, folder, max_pixels=10**6)
    voice = samples.tone("voice.wav", seconds=12)
    sound = decode(voice, MediaType.WAV, folder, max_seconds=60, report=nobody)
    return Scene(picture, sound, Motion.STILL, folder, folder)


@pytest.fixture(scope="module")
def finished(scene: Scene) -> bytes:
    path = scene.folder / "output.mp4"
    sound = encode(scene.sound, scene.folder, nobody)
    mux(still(scene, nobody), SoundTrack(sound), scene, path, nobody)
    return path.read_bytes()


@pytest.fixture
def film(finished: bytes, folder: Path) -> Path:
    """A copy that a test may spoil."""
    path = folder / "film.mp4"
    path.write_bytes(finished)
    return path


@pytest.mark.parametrize(
    ("motion", "said"),
    [(MotionMade.STILL, {}), (MotionMade.TALKING, {"comment": "AI-generated talking portrait"})],
)
def test_a_talking_portrait_says_what_it_is_and_no_file_says_more(
    finished: bytes, scene: Scene, folder: Path, motion: MotionMade, said: dict[str, str]
) -> None:
    path, video = folder / "film.mp4", VideoTrack(scene.folder / "gop.mp4", motion)
    mux(video, SoundTrack(scene.folder / "sound.m4a"), scene, path, nobody)

    with av.open(str(path)) as file:
        told = {name: value for name, value in file.metadata.items() if name not in BRANDS}

    assert told == said


def test_a_good_file_passes(film: Path, scene: Scene) -> None:
    check(film, scene, nobody)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.98])
def test_a_cut_file_is_refused(film: Path, scene: Scene, share: float) -> None:
    film.write_bytes(film.read_bytes()[: int(film.stat().st_size * share)])
    with pytest.raises(CheckFailed):
        check(film, scene, nobody)


def test_a_broken_key_frame_is_refused(film: Path, scene: Scene) -> None:
    content = bytearray(film.read_bytes())
    begin = content.index(b"mdat") + 200
    content[begin : begin + 400] = b"\xff" * 400
    film.write_bytes(content)
    with pytest.raises(CheckFailed):
        check(film, scene, nobody)


@pytest.mark.parametrize(
    "options",
    [
        ("-map", "0:v"),
        ("-map", "0:a"),
        ("-map", "0", "-t", "11"),
        ("-map", "0", "-output_ts_offset", "0.5"),
        ("-map", "0", "-c:a", "libmp3lame"),
        ("-map", "0", "-c:a", "aac", "-ac", "1"),
        ("-map", "0", "-c:v", "libx264", "-s", "160x120"),
    ],
)
def test_another_film_is_refused(film: Path, scene: Scene, options: tuple[str, ...]) -> None:
    other = scene.folder / "other.mp4"
    ffmpeg("-i", film, "-c", "copy", *options, other)
    with pytest.raises(CheckFailed):
        check(other, scene, nobody)


def test_a_length_off_by_a_sample_is_refused(film: Path, scene: Scene) -> None:
    longer = replace(scene, sound=replace(scene.sound, samples=scene.sound.samples + 1))
    with pytest.raises(CheckFailed, match="sound length"):
        check(film, longer, nobody)
