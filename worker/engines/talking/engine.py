"""The talking engine: who is in the picture, what the voice does, then the frames, on every core at once."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import structlog

from app.domain.states import MotionMade
from app.domain.warnings import NO_PHONEMES, TALKING_UNAVAILABLE
from worker.engines.talking import film
from worker.engines.talking.drawing.geometry import mouth_geometry
from worker.engines.talking.face.faces import Accepted, Face, FaceFinder, Refused, choose
from worker.engines.talking.face.models import ModelsMissing
from worker.engines.talking.motion.head_track import head_track, rest_track
from worker.engines.talking.motion.mouth_track import kept_parted, mouth_track
from worker.engines.talking.numerics.arrays import Image, floats
from worker.engines.talking.performance import Performance
from worker.engines.talking.voice import features, waveform
from worker.engines.talking.voice.hearing import Hearing, hear
from worker.errors import CannotTalk
from worker.progress import between
from worker.scene import ReportShare, Scene, VideoTrack

log = structlog.get_logger(__name__)

#: A mouth that is open this far in the picture (half mouth widths) is not shut in pauses.
OPEN_MOUTH = 0.15

#: Shares of the work, as measured: finding the face, hearing the voice; of what is left, drawing all parts.
FACE_DONE, VOICE_DONE, CREW_DONE = 0.03, 0.12, 0.98


def talk(scene: Scene, report: ReportShare) -> VideoTrack:
    """An `Engine`.

    Raises:
        CannotTalk: nothing was made; `code` is a `faces.Refused`'s, or `talking_unavailable`.
        ProgramFailed: nothing is wrong with the upload; try again.
    """
    picture = _read(scene)
    accepted = _speaker(picture, scene.face_model_dir)
    report(FACE_DONE)
    heard = hear(scene.sound, scene.folder, between(report, FACE_DONE, VOICE_DONE))
    performance = _rehearse(scene, picture, accepted.face, heard)
    path = _film(scene, performance, between(report, VOICE_DONE, 1))
    notices = accepted.notices if heard.phones is not None else (*accepted.notices, NO_PHONEMES.notice())
    return VideoTrack(path, MotionMade.TALKING, notices)


def idle(scene: Scene, report: ReportShare) -> VideoTrack:
    """The speaker who listens: head and lids move as they would, the mouth stays as it is in the picture.

    For engines that put a mouth into a video. Raises what `talk` does.
    """
    picture = _read(scene)
    accepted = _speaker(picture, scene.face_model_dir)
    report(FACE_DONE)
    heard = Hearing(features.listen(scene.sound), phones=None)
    performance = _rehearse(scene, picture, accepted.face, heard).at_rest()
    path = _film(scene, performance, between(report, FACE_DONE, 1))
    return VideoTrack(path, MotionMade.STILL, accepted.notices)


def _read(scene: Scene) -> Image:
    return np.asarray(cv2.imread(str(scene.picture.path), cv2.IMREAD_COLOR), np.uint8)


def _speaker(picture: Image, model_dir: Path) -> Accepted:
    try:
        choice = choose(FaceFinder(model_dir).find(picture))
    except ModelsMissing as error:
        log.error("face models missing", problem=str(error))
        raise CannotTalk(TALKING_UNAVAILABLE.code, TALKING_UNAVAILABLE.sentence) from error
    if isinstance(choice, Refused):
        raise CannotTalk(choice.code, choice.sentence)
    return choice


def _rehearse(scene: Scene, picture: Image, face: Face, heard: Hearing) -> Performance:
    """What face and voice do in every frame."""
    geometry = mouth_geometry(picture, floats(face.points), face.yaw_degrees)
    mouth = mouth_track(heard.features, heard.phones, scene.frames)
    if geometry.opening > OPEN_MOUTH:
        mouth = kept_parted(mouth)
    return Performance(
        picture_path=scene.picture.path,
        points=face.points,
        yaw_degrees=face.yaw_degrees,
        mouth=mouth,
        head=head_track(mouth.energy, waveform.seed(scene.sound)),
        rest=rest_track(mouth.gate, is_open=geometry.is_open),
    )


def _film(scene: Scene, performance: Performance, report: ReportShare) -> Path:
    """The video, drawn on all cores here, and by the crew if there is one."""
    path = scene.folder / "talking.mp4"
    script = film.written(performance, scene.folder)
    draw = partial(film.draw, script.performance)
    if scene.crew is None:
        draw((0, script.frames), path, report)
    else:
        film.join(scene.crew.film(script, draw, between(report, 0, CREW_DONE)), path)
        report(1.0)
    return path
