"""The engine on the example portrait and voice: what comes out, read back by the mesh it began with."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from app.media import MediaType
from app.settings import Settings
from app.states import Motion, MotionMade, Phase
from tests.media_samples import wav_bytes
from tests.talking.portraits import PICTURE
from tests.talking.voices import VOICE
from worker.failures import RenderFailed
from worker.render import Rendered, Terms, Upload, render
from worker.talking import models
from worker.talking.actor import Actor
from worker.talking.arrays import AnyFloats, Floats, Image, floats
from worker.talking.film import MAX_CHUNK_FRAMES, MIN_CHUNK_FRAMES, spans_of
from worker.talking.mesh import Mesh, around
from worker.talking.networks import Points
from worker.talking.performance import Performance

TERMS = Terms(50_000_000, 60, Settings().face_model_dir)
#: Mesh points of the inner lips' middle, and of the mouth's corners.
UPPER_LIP, LOWER_LIP, CORNERS = 13, 14, (61, 291)


def made(
    folder: Path, image: Path = PICTURE, audio: Path = VOICE, motion: Motion = Motion.TALKING
) -> Rendered:
    image_type = MediaType.JPEG if image.suffix == ".jpg" else MediaType.PNG
    audio_type = MediaType.MP3 if audio.suffix == ".mp3" else MediaType.WAV
    return render(Upload(image, image_type, audio, audio_type, motion), folder, TERMS, ignore)


def ignore(_phase: Phase, _share: float) -> None:
    pass


def frames_of(path: Path) -> list[Image]:
    """Every frame, blue first."""
    with av.open(str(path)) as file:
        return [np.asarray(frame.to_ndarray(format="bgr24"), np.uint8) for frame in file.decode(video=0)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("talking")


@pytest.fixture(scope="module")
def talking(folder: Path) -> Rendered:
    return made(folder)


@pytest.fixture(scope="module")
def frames(talking: Rendered) -> list[Image]:
    return frames_of(talking.path)


def test_the_astronaut_talks(talking: Rendered) -> None:
    assert talking.motion is MotionMade.TALKING
    assert talking.notices == ()
    assert (talking.width, talking.height) == (512, 512)


def test_the_video_is_as_long_as_the_voice(talking: Rendered, frames: list[Image]) -> None:
    assert abs(len(frames) / 25 - talking.duration_seconds) <= 0.02


def test_the_mouth_does_what_it_was_told(tmp_path: Path) -> None:
    filmed = made(tmp_path, close_up(tmp_path))
    performance = Performance.load(tmp_path / "performance.npz")
    speaking = np.flatnonzero(performance.rest == 0)[::2]
    frames = frames_of(filmed.path)

    read = read_back([frames[index] for index in speaking], performance.points)

    assert np.corrcoef(performance.mouth.aperture[speaking], read)[0, 1] >= 0.93


def test_a_chunk_s_frames_are_those_of_one_long_run(folder: Path) -> None:
    performance = Performance.load(folder / "performance.npz")
    seam = spans_of(len(performance))[0][1]

    *_, run_through = Actor(performance).frames(seam - 20, seam + 1)
    begun_here = next(Actor(performance).frames(seam, seam + 1))

    assert np.array_equal(run_through, begun_here)


def test_the_picture_is_as_good_after_a_seam_as_before(folder: Path, frames: list[Image]) -> None:
    performance = Performance.load(folder / "performance.npz")
    seam = spans_of(len(performance))[0][1]
    drawn = [frame[:512].copy() for frame in Actor(performance).frames(seam - 2, seam + 2)]
    shown = [cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY).astype(float) for frame in frames[seam - 2 : seam + 2]]
    expected = [(luma.astype(float) - 16) * 255 / 219 for luma in drawn]

    errors = [float(np.abs(one - other).mean()) for one, other in zip(shown, expected, strict=True)]

    assert max(errors[2:]) <= 1.25 * max(errors[:2])


def test_a_seam_changes_the_picture_by_less_than_a_level(folder: Path, frames: list[Image]) -> None:
    """With a quantiser of the encoder's own choice it was 1.05; between other frames it is 0.1."""
    seam = spans_of(len(Performance.load(folder / "performance.npz")))[0][1]
    before, after = (frames[index].astype(int) for index in (seam - 1, seam))

    assert np.abs(after - before).mean() < 0.8


def test_the_background_stands_still(frames: list[Image]) -> None:
    corner = np.stack([frame[380:500, 380:500] for frame in frames[::10]]).astype(int)

    assert np.abs(corner - corner[0]).mean() < 1


@pytest.mark.parametrize("motion", [Motion.AUTO, Motion.TALKING])
def test_without_a_face_auto_stands_still_and_talking_fails(tmp_path: Path, motion: Motion) -> None:
    cup = tmp_path / "cup.png"
    Picture.linear_gradient("L").convert("RGB").save(cup)
    audio = tmp_path / "short.wav"
    audio.write_bytes(wav_bytes(bytes(8820)))

    if motion is Motion.TALKING:
        with pytest.raises(RenderFailed, match="No face was found in the picture"):
            made(tmp_path, cup, audio, motion)
    else:
        rendered = made(tmp_path, cup, audio, motion)
        assert rendered.motion is MotionMade.STILL
        assert [notice.code for notice in rendered.notices] == ["no_face"]


def test_missing_models_are_said_plainly_and_the_picture_stands_still(tmp_path: Path) -> None:
    audio = tmp_path / "short.wav"
    audio.write_bytes(wav_bytes(bytes(8820)))
    upload = Upload(PICTURE, MediaType.JPEG, audio, MediaType.WAV, Motion.AUTO)

    rendered = render(upload, tmp_path, Terms(50_000_000, 60, tmp_path / "nowhere"), ignore)

    assert rendered.motion is MotionMade.STILL
    assert [notice.code for notice in rendered.notices] == ["talking_unavailable"]


@pytest.mark.parametrize("frames", [1, 49, 50, 331, 1500, 3001, 100_000])
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_spans_cover_every_frame_once_and_evenly(frames: int, cores: int) -> None:
    spans = spans_of(frames, cores)
    lengths = [end - start for start, end in spans]

    assert (spans[0][0], spans[-1][1]) == (0, frames)
    assert all(one[1] == next_one[0] for one, next_one in pairwise(spans))
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= MAX_CHUNK_FRAMES
    assert min(lengths) >= min(frames, MIN_CHUNK_FRAMES)


def close_up(folder: Path) -> Path:
    """The astronaut's face, large: a mouth of 22 pixels is hard to read for anybody."""
    path = folder / "close_up.png"
    Picture.open(PICTURE).crop((120, 20, 320, 220)).resize((640, 640), Picture.Resampling.LANCZOS).save(path)
    return path


def read_back(frames: list[Image], points: AnyFloats) -> Floats:
    """The height between the lips in each frame, in half mouth widths, as the mesh sees it."""
    mesh = Mesh(models.read(TERMS.face_model_dir, models.MESH))
    crop = around(np.asarray(points, np.float64))
    return floats([_opening(mesh.fit(frame, crop)[1]) for frame in frames])


def _opening(points: Points) -> float:
    width = np.linalg.norm(points[CORNERS[0], :2] - points[CORNERS[1], :2])
    return float(2 * np.linalg.norm(points[UPPER_LIP, :2] - points[LOWER_LIP, :2]) / width)
