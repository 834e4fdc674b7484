"""The talking engine: who is in the picture, what the voice does, then the frames, on every core at once."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from pathlib import Path

import cv2
import ffmpeg
import numpy as np
import structlog

from app.notices import Notice
from app.states import MotionMade
from worker import process
from worker.bounds import CORES, Bounds
from worker.command import Command, bare_environment
from worker.failures import CannotTalk
from worker.ffmpeg import ANONYMOUS, CLOSED, executable, local, run
from worker.mux import TIMESCALE
from worker.progress import between
from worker.reach import PYTHON, Reach, files_of
from worker.scene import FRAME_RATE, ReportShare, Scene, VideoTrack
from worker.talking import features, phones, voice
from worker.talking.arrays import Image, floats
from worker.talking.faces import Accepted, Face, FaceFinder, Refused, choose
from worker.talking.geometry import mouth_geometry
from worker.talking.hearing import hear
from worker.talking.models import ModelsMissing
from worker.talking.motion import head_track, rest_track
from worker.talking.performance import Performance
from worker.talking.phones import Phone
from worker.talking.speech import kept_parted, mouth_track

log = structlog.get_logger(__name__)

#: A mouth that is open this far in the picture (half mouth widths) is not shut in pauses.
OPEN_MOUTH = 0.15

#: Longer chunks would show progress late and spread badly over the cores; shorter ones cost their start.
MAX_CHUNK_FRAMES, MIN_CHUNK_FRAMES = 60 * FRAME_RATE, 2 * FRAME_RATE

#: A slow core draws a large frame in less than this.
MAX_FRAME_SECONDS = 1.0

#: OpenCV and NumPy map much more than they use.
CHUNK_ADDRESS_SPACE_BYTES = 6 << 30

#: Shares of the work, as measured: finding the face, hearing the voice; of what is left, drawing the frames.
FACE_DONE, VOICE_DONE, CHUNKS_DONE = 0.03, 0.12, 0.98

NO_MODELS = "This service can't make pictures talk at the moment: its face models are missing."

NO_PHONEMES = Notice(
    "no_phonemes",
    "The sounds of the speech could not be recognised; the mouth follows its loudness and tone.",
)


def talk(scene: Scene, report: ReportShare) -> VideoTrack:
    """An `Engine`.

    Raises:
        CannotTalk: nothing was made; `code` is a `faces.Refused`'s, or `talking_unavailable`.
        ProgramFailed: nothing is wrong with the upload; try again.
    """
    picture = _read(scene)
    accepted = _speaker(picture, scene.face_model_dir)
    report(FACE_DONE)
    spoken = _recognised(scene, between(report, FACE_DONE, VOICE_DONE))
    performance = _rehearse(scene, picture, accepted.face, spoken)
    path = _film(scene, performance, between(report, VOICE_DONE, 1))
    notices = accepted.notices if phones.phones_available() else (*accepted.notices, NO_PHONEMES)
    return VideoTrack(path, MotionMade.TALKING, notices)


def idle(scene: Scene, report: ReportShare) -> VideoTrack:
    """The speaker who listens: head and lids move as they would, the mouth stays as it is in the picture.

    For engines that put a mouth into a video. Raises what `talk` does.
    """
    picture = _read(scene)
    accepted = _speaker(picture, scene.face_model_dir)
    report(FACE_DONE)
    performance = _rehearse(scene, picture, accepted.face, spoken=None).at_rest()
    path = _film(scene, performance, between(report, FACE_DONE, 1))
    return VideoTrack(path, MotionMade.STILL, accepted.notices)


def _read(scene: Scene) -> Image:
    return np.asarray(cv2.imread(str(scene.picture.path), cv2.IMREAD_COLOR), np.uint8)


def _speaker(picture: Image, model_dir: Path) -> Accepted:
    try:
        choice = choose(FaceFinder(model_dir).find(picture))
    except ModelsMissing as error:
        log.error("face models missing", problem=str(error))
        raise CannotTalk("talking_unavailable", NO_MODELS) from error
    if isinstance(choice, Refused):
        raise CannotTalk(choice.code, choice.sentence)
    return choice


def _recognised(scene: Scene, report: ReportShare) -> list[Phone] | None:
    return hear(scene.sound, scene.folder, report) if phones.phones_available() else None


def _rehearse(scene: Scene, picture: Image, face: Face, spoken: list[Phone] | None) -> Performance:
    """What face and voice do in every frame."""
    heard = features.listen(scene.sound)
    geometry = mouth_geometry(picture, floats(face.points), face.yaw_degrees)
    mouth = mouth_track(heard, spoken, scene.frames)
    if geometry.opening > OPEN_MOUTH:
        mouth = kept_parted(mouth)
    return Performance(
        picture_path=scene.picture.path,
        points=face.points,
        yaw_degrees=face.yaw_degrees,
        mouth=mouth,
        head=head_track(mouth.energy, voice.seed(scene.sound)),
        rest=rest_track(mouth.gate, is_open=geometry.is_open),
    )


def _film(scene: Scene, performance: Performance, report: ReportShare) -> Path:
    """The video, drawn and encoded in chunks on all cores."""
    saved = scene.folder / "performance.npz"
    performance.save(saved)
    spans = spans_of(len(performance))
    paths = [scene.folder / f"chunk{number:04}.mp4" for number in range(len(spans))]
    reach = Reach((*PYTHON, *files_of(executable()), scene.picture.path), (scene.folder,))
    commands = [_command(saved, span, path, reach) for span, path in zip(spans, paths, strict=True)]
    process.run_all(commands, between(report, 0, CHUNKS_DONE))
    path = _join(scene, paths)
    report(1.0)
    return path


def spans_of(frames: int, cores: int = CORES) -> list[tuple[int, int]]:
    """Frames from and to, of each chunk: as even as can be, and a whole number of them for each core."""
    rounds = math.ceil(frames / (MAX_CHUNK_FRAMES * cores))
    chunks = max(1, min(rounds * cores, frames // MIN_CHUNK_FRAMES))
    edges = [frames * number // chunks for number in range(chunks + 1)]
    return list(pairwise(edges))


def _command(performance: Path, span: tuple[int, int], path: Path, reach: Reach) -> Command:
    start, end = span
    return Command(
        [sys.executable, "-m", "worker.talking.chunk", str(performance), str(start), str(end), str(path)],
        Bounds(
            deadline_seconds=60 + (end - start) * MAX_FRAME_SECONDS,
            address_space_bytes=CHUNK_ADDRESS_SPACE_BYTES,
        ),
        expected_seconds=(end - start) / FRAME_RATE,
        reach=reach,
        environment={**bare_environment(), "IMAGEIO_FFMPEG_EXE": executable()},
    )


def _join(scene: Scene, chunks: list[Path]) -> Path:
    """The chunks one after the other, by copying their packets."""
    if len(chunks) == 1:
        return chunks[0]
    listing, path = scene.folder / "chunks.txt", scene.folder / "talking.mp4"
    listing.write_text("".join(f"file {chunk.name}\n" for chunk in chunks))
    graph = ffmpeg.input(local(listing), **CLOSED, f="concat").output(
        local(path), f="mp4", vcodec="copy", video_track_timescale=TIMESCALE, **ANONYMOUS
    )
    run(graph, Bounds(deadline_seconds=120 + scene.frames / FRAME_RATE / 10))
    return path
