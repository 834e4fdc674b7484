"""What another engine's video must be, and how one that isn't quite is made to fit."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from tests.support.media_samples import BLUE, GREEN, RED, WHITE, Samples, ffmpeg
from tests.worker.scenes import nobody, scene_of
from worker.engines.still import still
from worker.scene import Scene
from worker.video.conformance import ClipRefused, examined, fitted

TAGS = "setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv"
BT709 = f"scale=out_color_matrix=bt709,format=yuv420p,{TAGS}"


@pytest.fixture
def scene(samples: Samples, folder: Path) -> Scene:
    return scene_of(samples.picture(), folder)


def filmed(scene: Scene, *options: str, frames: int = 60, rate: int = 25, name: str = "theirs.mp4") -> Path:
    """The scene's picture as a video that somebody else made."""
    path = scene.folder / name
    source = ("-loop", "1", "-framerate", str(rate), "-i", scene.picture.path)
    ffmpeg(*source, "-frames:v", str(frames), "-pix_fmt", "yuv420p", *options, path)
    return path


def pictures(path: Path) -> list[Image.Image]:
    with av.open(str(path)) as file:
        return [frame.to_image() for frame in file.decode(video=0)]  # type: ignore[no-untyped-call]


def test_what_fits_is_taken_as_it_is(scene: Scene) -> None:
    ours = still(scene, nobody).path
    assert fitted(ours, scene, nobody) == ours


@pytest.mark.parametrize(
    ("options", "frames", "rate"),
    [
        (("-vf", BT709, "-bf", "0"), 59, 25),
        (("-vf", BT709, "-bf", "0"), 90, 25),
        (("-vf", BT709, "-bf", "2"), 60, 25),
        (("-vf", BT709, "-bf", "0"), 72, 30),
        (("-bf", "0"), 60, 25),
        (("-vf", BT709, "-bf", "0", "-profile:v", "high10", "-pix_fmt", "yuv420p10le"), 60, 25),
        (("-c:v", "mpeg4"), 60, 25),
    ],
    ids=["a frame too few", "too many", "B frames", "30 a second", "no colours said", "10 bits", "MPEG-4"],
)
def test_what_does_not_quite_fit_is_encoded_anew(
    scene: Scene, options: tuple[str, ...], frames: int, rate: int
) -> None:
    theirs = filmed(scene, *options, frames=frames, rate=rate)

    made = fitted(theirs, scene, nobody)

    assert made != theirs
    assert fitted(made, scene, nobody) == made
    shown = pictures(made)
    assert len(shown) == scene.frames == 60
    for image in (shown[0], shown[-1]):
        spots = [image.getpixel((x, y)) for y in (60, 180) for x in (80, 240)]
        assert np.allclose(np.array(spots), np.array([RED, GREEN, BLUE, WHITE]), atol=10)


def test_steady_frames_as_ours_are_kept_with_their_sound(scene: Scene) -> None:
    voice = ("-i", str(scene.sound.path))
    theirs = filmed(scene, "-vf", BT709, "-bf", "0", "-video_track_timescale", "12800")
    dubbed = scene.folder / "dubbed.mp4"
    ffmpeg("-i", theirs, *voice, "-c:v", "copy", "-c:a", "aac", dubbed)

    assert fitted(dubbed, scene, nobody) == dubbed
    assert examined(dubbed, scene).frames == 60


@pytest.mark.parametrize(("keyint", "is_steady"), [("infinite", False), ("250", True)])
def test_too_rare_key_frames_are_not_steady(scene: Scene, keyint: str, is_steady: bool) -> None:
    options = ("-vf", BT709, "-bf", "0", "-x264-params", f"keyint={keyint}:scenecut=0")
    assert examined(filmed(scene, *options, frames=300), scene).is_steady is is_steady


@pytest.mark.parametrize(
    ("options", "frames", "reason"),
    [(("-s", "160x120"), 60, "of 160x120; 384x288 was wanted"), ((), 30, r"1\.20 s; 2\.40 were wanted")],
)
def test_what_does_not_fit_at_all_is_refused(
    scene: Scene, options: tuple[str, ...], frames: int, reason: str
) -> None:
    theirs = filmed(scene, *options, frames=frames)
    with pytest.raises(ClipRefused, match=reason):
        fitted(theirs, scene, nobody)


@pytest.mark.parametrize("content", [None, b"", b"junk" * 1000], ids=["nothing", "empty", "junk"])
def test_what_is_no_video_is_refused(scene: Scene, content: bytes | None) -> None:
    path = scene.folder / "theirs.mp4"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ClipRefused, match="can't be read"):
        fitted(path, scene, nobody)


def test_sound_alone_is_refused(scene: Scene) -> None:
    path = scene.folder / "theirs.mp4"
    ffmpeg("-i", scene.sound.path, path)
    with pytest.raises(ClipRefused):
        fitted(path, scene, nobody)
