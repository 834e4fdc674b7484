"""The engine on the example portrait and voice: what comes out, read back by the mesh it began with."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image as Picture

from app.domain.options import RenderOptions
from app.domain.states import Motion, MotionMade
from app.media.media_types import MediaType
from tests.support.media_samples import wav_bytes
from tests.support.paths import PORTRAIT
from tests.worker.engines.talking import voices
from tests.worker.engines.talking.face_pictures import beside_herself
from tests.worker.engines.talking.films import TERMS, frames_of, ignore, made, shown
from tests.worker.engines.talking.portraits import astronaut
from tests.worker.engines.talking.readback import openings
from worker.engines.talking.actor import Actor
from worker.engines.talking.face.faces import FaceFinder
from worker.engines.talking.film import MAX_CHUNK_FRAMES, MIN_CHUNK_FRAMES, spans_of
from worker.engines.talking.numerics.arrays import Image
from worker.engines.talking.performance import Performance
from worker.errors import RenderFailed
from worker.execution.render import Rendered, render
from worker.execution.stages import RenderConfig, Upload
from worker.scene import Picture as ScenePicture
from worker.scene import Scene, Sound
from worker.video_format import FRAME_RATE, TIMESCALE

#: Of the longest voice that a service takes by default.
FOUR_HOURS_SECONDS = 14_400
FOUR_HOURS = FOUR_HOURS_SECONDS * FRAME_RATE


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("talking")


@pytest.fixture(scope="module")
def talking(folder: Path) -> Rendered:
    return made(folder)


@pytest.fixture(scope="module")
def frames(talking: Rendered) -> list[Image]:
    return list(frames_of(talking.path))


def test_the_astronaut_talks(talking: Rendered) -> None:
    assert talking.facts.motion is MotionMade.TALKING
    assert talking.facts.notices == ()
    assert (talking.facts.width, talking.facts.height) == (512, 512)


def test_the_video_is_as_long_as_the_voice(talking: Rendered, frames: list[Image]) -> None:
    assert abs(len(frames) / 25 - talking.facts.duration_seconds) <= 0.02


def test_the_mouth_does_what_it_was_told(tmp_path: Path) -> None:
    filmed = made(tmp_path, close_up(tmp_path))
    performance = Performance.load(tmp_path / "performance.npz")
    speaking = performance.rest == 0

    read = openings(frames_of(filmed.path), performance.points)

    assert np.corrcoef(performance.mouth.aperture[speaking], read[speaking])[0, 1] >= 0.93


def test_of_two_faces_only_the_larger_speaks(tmp_path: Path) -> None:
    picture = beside_herself(astronaut().picture)
    large, small = FaceFinder(TERMS.face_model_dir).find(picture)
    shown(tmp_path, picture, voices.read(voices.spoken(tmp_path))[: 3 * voices.RATE, 0])
    film = tmp_path / "output.mp4"

    moved = [np.ptp(openings(frames_of(film), face.points)) for face in (large, small)]

    assert moved[0] > 4 * moved[1]


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
        assert rendered.facts.motion is MotionMade.STILL
        assert [notice.code for notice in rendered.facts.notices] == ["no_face"]


def test_missing_models_are_said_plainly_and_the_picture_stands_still(tmp_path: Path) -> None:
    audio = tmp_path / "short.wav"
    audio.write_bytes(wav_bytes(bytes(8820)))
    upload = Upload(PORTRAIT, MediaType.JPEG, audio, MediaType.WAV, RenderOptions(motion=Motion.AUTO))

    rendered = render(upload, tmp_path, RenderConfig(50_000_000, 60, tmp_path / "nowhere"), ignore)

    assert rendered.facts.motion is MotionMade.STILL
    assert [notice.code for notice in rendered.facts.notices] == ["talking_unavailable"]


@pytest.mark.parametrize("frames", [1, 49, 50, 331, 1500, 3001, 100_000, FOUR_HOURS])
@pytest.mark.parametrize("cores", [1, 2, 8])
def test_spans_cover_every_frame_once_and_evenly(frames: int, cores: int) -> None:
    spans = spans_of(frames, cores)
    lengths = [end - start for start, end in spans]

    assert (spans[0][0], spans[-1][1]) == (0, frames)
    assert all(one[1] == next_one[0] for one, next_one in pairwise(spans))
    assert max(lengths) - min(lengths) <= 1
    assert max(lengths) <= MAX_CHUNK_FRAMES
    assert min(lengths) >= min(frames, MIN_CHUNK_FRAMES)


@pytest.mark.parametrize("rate", [44_100, 48_000])
@pytest.mark.parametrize("more_samples", [0, 1, -1, 881, 960, -12_345])
def test_the_frames_of_four_hours_cover_the_voice_to_half_a_frame(
    tmp_path: Path, rate: int, more_samples: int
) -> None:
    sound = Sound(tmp_path / "voice.wav", rate, 1, FOUR_HOURS_SECONDS * rate + more_samples)
    scene = Scene(ScenePicture(PORTRAIT, 512, 512), sound, Motion.TALKING, tmp_path, tmp_path)

    spans = spans_of(scene.frames)

    assert abs(Fraction(scene.frames, FRAME_RATE) - Fraction(sound.samples, rate)) <= Fraction(1, 50)
    assert sum(end - start for start, end in spans) == spans[-1][1] == scene.frames


def test_four_hours_fit_the_clocks_of_an_mp4() -> None:
    """Ticks are 32 bits without sign in the boxes' version 0 (ISO/IEC 14496-12, 8.2.2 and 8.6.6)."""
    assert FOUR_HOURS_SECONDS * max(TIMESCALE, 48_000) < 1 << 32
    assert TIMESCALE % FRAME_RATE == 0


def close_up(folder: Path) -> Path:
    """The astronaut's face, large: a mouth of 22 pixels is hard to read for anybody."""
    path = folder / "close_up.png"
    Picture.open(PORTRAIT).crop((120, 20, 320, 220)).resize((640, 640), Picture.Resampling.LANCZOS).save(path)
    return path
