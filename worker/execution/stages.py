"""The stages of a render, declared in their order: what each needs, makes, costs and may warn of."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from app.config.settings import Settings
from app.domain import warnings
from app.domain.options import RenderOptions
from app.domain.states import Motion, Phase
from app.domain.warnings import Notice
from app.media.media_types import MediaType
from worker.engines.registry import talking_engine
from worker.engines.still import still
from worker.engines.talking.engine import talk
from worker.errors import CannotTalk, RenderFailed
from worker.execution.pipeline import Stage, Step
from worker.picture.normalisation import normalise
from worker.progress import between
from worker.scene import Engine, Picture, ReportShare, Scene, SegmentPool, Sound, SoundTrack, VideoTrack
from worker.sound.aac import encode
from worker.sound.aac_copy import copied
from worker.sound.decoding import decode
from worker.sound.loudness_normalisation import levelled
from worker.video.mux import mux
from worker.video.verification import check


@dataclass(frozen=True)
class Upload:
    """The two files as they came, with the types that their bytes have, and what is to be made of them."""

    image: Path
    image_type: MediaType
    audio: Path
    audio_type: MediaType
    options: RenderOptions


@dataclass(frozen=True)
class RenderConfig:
    """What the service allows, which engine makes its pictures talk, and where that finds what it needs.

    What lasts longer than `split_seconds` is drawn with the `crew`, if there is one.
    """

    max_image_pixels: int
    max_audio_seconds: int
    face_model_dir: Path
    talking_engine: Engine = talk
    crew: SegmentPool | None = None
    split_seconds: float = 0

    @classmethod
    def of(cls, settings: Settings, crew: SegmentPool | None = None) -> RenderConfig:
        """As the service's settings say."""
        return cls(
            max_image_pixels=settings.max_image_pixels,
            max_audio_seconds=settings.max_audio_seconds,
            face_model_dir=settings.face_model_dir,
            talking_engine=talking_engine(settings),
            crew=crew,
            split_seconds=settings.split_seconds,
        )


@dataclass
class Work:
    """A render under way: what it began with, and a field for what each stage makes."""

    upload: Upload
    folder: Path
    config: RenderConfig
    picture: Picture = field(init=False)
    sound: Sound = field(init=False)
    video: VideoTrack = field(init=False)
    sound_track: SoundTrack = field(init=False)
    file: Path = field(init=False)
    checked: Path = field(init=False)

    @property
    def options(self) -> RenderOptions:
        return self.upload.options

    @property
    def scene(self) -> Scene:
        """What an engine is given."""
        config, is_long = self.config, self.sound.duration_seconds > self.config.split_seconds
        crew = config.crew if is_long else None
        return Scene(self.picture, self.sound, self.options.motion, self.folder, config.face_model_dir, crew)


def _picture(work: Work, _report: ReportShare) -> Picture:
    upload = work.upload
    return normalise(upload.image, upload.image_type, work.folder, max_pixels=work.config.max_image_pixels)


def _sound(work: Work, report: ReportShare) -> Sound:
    upload, max_seconds = work.upload, work.config.max_audio_seconds
    return decode(upload.audio, upload.audio_type, work.folder, max_seconds=max_seconds, report=report)


def _video(work: Work, report: ReportShare) -> VideoTrack:
    """The one place that chooses between talking and standing still."""
    scene = work.scene
    if scene.motion is Motion.STILL:
        return still(scene, report)
    try:
        return work.config.talking_engine(scene, report)
    except CannotTalk as reason:
        if scene.motion is Motion.TALKING:
            raise RenderFailed(reason.sentence) from reason
        return replace(still(scene, report), notices=(Notice(reason.code, reason.sentence),))


def _sound_track(work: Work, report: ReportShare) -> SoundTrack:
    """The sound as it goes into the file: levelled if that was asked for, else as it came or encoded.

    The engines follow the voice as it came. They judge it by its own quiet and loud, so that its level tells
    them nothing, and what is drawn stays the same however often the levelling has to try.
    """
    if work.options.loudness is not None:
        return levelled(work.sound, work.options.loudness, work.folder, report)
    as_it_came = copied(work.sound, work.folder, between(report, 0, 0.1))
    return as_it_came or SoundTrack(encode(work.sound, work.folder, between(report, 0.1, 1)))


def _file(work: Work, report: ReportShare) -> Path:
    path = work.folder / "output.mp4"
    mux(work.video, work.sound_track, work.scene, path, report)
    return path


def _checked(work: Work, report: ReportShare) -> Path:
    check(work.file, work.scene, report)
    return work.file


def _video_seconds(work: Work) -> float:
    return 0.4 if work.options.motion is Motion.STILL else 2 + work.sound.duration_seconds / 3


def _sound_seconds(work: Work) -> float:
    samples_seconds = work.sound.duration_seconds * work.sound.channels
    if work.options.loudness is not None:
        return 0.5 + samples_seconds / 50
    return 0.1 if work.sound.aac else 0.1 + samples_seconds / 150


PICTURE = Stage(
    Phase.PICTURE,
    needs=("upload",),
    makes="picture",
    make=_picture,
    seconds=lambda _work: 0.0,
    warns=(warnings.IMAGE_DOWNSCALED, warnings.IMAGE_PROFILE_IGNORED),
)
SOUND = Stage(
    Phase.SOUND,
    needs=("upload",),
    makes="sound",
    make=_sound,
    seconds=lambda _work: 1.0,
    warns=(
        warnings.AUDIO_DAMAGED,
        warnings.AUDIO_HEADER_WRONG,
        warnings.ONE_CHANNEL,
        warnings.OPPOSITE_PHASE,
    ),
)
VIDEO = Stage(
    Phase.VIDEO,
    needs=("picture", "sound"),
    makes="video",
    make=_video,
    seconds=_video_seconds,
    warns=(
        warnings.NO_FACE,
        warnings.FACE_TOO_SMALL,
        warnings.PROFILE_FACE,
        warnings.CUT_MOUTH,
        warnings.HIDDEN_MOUTH,
        warnings.MULTIPLE_FACES,
        warnings.SMALL_FACE,
        warnings.NO_PHONEMES,
        warnings.ENGINE_FAILED,
        warnings.TALKING_UNAVAILABLE,
    ),
)
SOUND_TRACK = Stage(
    Phase.VIDEO,
    needs=("sound",),
    makes="sound_track",
    make=_sound_track,
    seconds=_sound_seconds,
    warns=(
        warnings.LOUDNESS_NOT_REACHED,
        warnings.TOO_QUIET_TO_LEVEL,
        warnings.TOO_SHORT_TO_LEVEL,
    ),
)
FILE = Stage(
    Phase.MUXING,
    needs=("picture", "sound", "video", "sound_track"),
    makes="file",
    make=_file,
    seconds=lambda work: 0.1 + work.sound.duration_seconds / 2000,
)
CHECKED = Stage(
    Phase.CHECKING,
    needs=("picture", "sound", "file"),
    makes="checked",
    make=_checked,
    seconds=lambda work: 0.3 + work.sound.duration_seconds / 3000,
)

#: What the opening makes tells what the rest costs.
OPENING: Step[Work] = (PICTURE, SOUND)
REST: tuple[Step[Work], ...] = ((VIDEO, SOUND_TRACK), (FILE,), (CHECKED,))
