"""One job: picture and sound become a scene, an engine makes it a video, and the finished file is checked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from app.domain.options import RenderOptions
from app.domain.states import Motion, MotionMade, Phase
from app.domain.warnings import Notice
from app.media.media_types import MediaType
from worker.engines.still import still
from worker.engines.talking.engine import talk
from worker.errors import CannotTalk, RenderFailed
from worker.picture.normalisation import normalise
from worker.progress import Expect, Progress, Report, between
from worker.sandbox.concurrently import beside
from worker.sandbox.progress_reader import Shares
from worker.scene import Engine, ReportShare, Scene, SegmentPool, SoundTrack, VideoTrack
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


@dataclass(frozen=True)
class Rendered:
    """A checked MP4, a JPEG of its picture, and what there is to say about them."""

    path: Path
    poster: Path
    width: int
    height: int
    duration_seconds: float
    motion: MotionMade
    notices: tuple[Notice, ...]
    loudness: float | None
    loudness_before: float | None


def render(
    upload: Upload, folder: Path, terms: RenderConfig, report: Report, expect: Expect = lambda _seconds: None
) -> Rendered:
    """Makes `folder`/output.mp4; `folder` is the job's own scratch space and must exist.

    Call it from the main thread (see `worker.sandbox.ffmpeg`). `report`'s share never falls.
    `expect` is told how long the rest takes once that is known.

    Raises:
        RenderFailed: the upload can't become a video; the sentence says which file and why.
        ChildKilled, ProgramFailed, CheckFailed: nothing is wrong with the upload; try again.
    """
    progress = Progress(report)
    scene = _scene(upload, folder, terms, progress)
    costs = _costs(scene, upload.options.loudness)
    ends = _ends_of_stages(costs)
    expect(sum(costs))
    shares = Shares([costs.video, costs.sound], progress.stage(Phase.VIDEO, ends.tracks))
    video, sound = beside(
        lambda: _film(scene, terms.talking_engine, shares.of(0)),
        lambda: _heard(scene, upload.options.loudness, shares.of(1)),
    )
    path = folder / "output.mp4"
    mux(video, sound, scene, path, progress.stage(Phase.MUXING, ends.mux))
    check(path, scene, progress.stage(Phase.CHECKING, 1))
    return _rendered(path, scene, video, sound)


def _scene(upload: Upload, folder: Path, terms: RenderConfig, progress: Progress) -> Scene:
    # How long the rest takes is not known before the sound's length is, so these two ends are fixed.
    progress.stage(Phase.PICTURE, 0.05)
    report = progress.stage(Phase.SOUND, 0.1)
    picture, sound = beside(
        lambda: normalise(upload.image, upload.image_type, folder, max_pixels=terms.max_image_pixels),
        lambda: decode(
            upload.audio, upload.audio_type, folder, max_seconds=terms.max_audio_seconds, report=report
        ),
    )
    crew = terms.crew if sound.duration_seconds > terms.split_seconds else None
    return Scene(picture, sound, upload.options.motion, folder, terms.face_model_dir, crew)


def _film(scene: Scene, talking_engine: Engine, report: ReportShare) -> VideoTrack:
    """The one place that chooses between talking and standing still."""
    if scene.motion is Motion.STILL:
        return still(scene, report)
    try:
        return talking_engine(scene, report)
    except CannotTalk as reason:
        if scene.motion is Motion.TALKING:
            raise RenderFailed(reason.sentence) from reason
        return replace(still(scene, report), notices=(Notice(reason.code, reason.sentence),))


def _heard(scene: Scene, loudness_lufs: float | None, report: ReportShare) -> SoundTrack:
    """The sound as it goes into the file: levelled if that was asked for, else as it came or encoded.

    The engines follow the voice as it came. They judge it by its own quiet and loud, so that its level tells
    them nothing, and what is drawn stays the same however often the levelling has to try.
    """
    sound, folder = scene.sound, scene.folder
    if loudness_lufs is not None:
        return levelled(sound, loudness_lufs, folder, report)
    as_it_came = copied(sound, folder, between(report, 0, 0.1))
    return as_it_came or SoundTrack(encode(sound, folder, between(report, 0.1, 1)))


class _Costs(NamedTuple):
    """What each stage takes: seconds measured with 1080p on two cores."""

    video: float
    sound: float
    mux: float
    check: float


class _Ends(NamedTuple):
    """The share of the whole job at which each stage ends."""

    tracks: float
    mux: float


def _ends_of_stages(costs: _Costs) -> _Ends:
    """Divides what is left by what the stages take."""
    tracks = costs.video + costs.sound
    return _Ends(*(0.1 + 0.9 * so_far / sum(costs) for so_far in (tracks, tracks + costs.mux)))


def _costs(scene: Scene, loudness_lufs: float | None) -> _Costs:
    seconds, channels = scene.sound.duration_seconds, scene.sound.channels
    video = 0.4 if scene.motion is Motion.STILL else 2 + seconds / 3
    sound = 0.1 if scene.sound.aac else 0.1 + seconds * channels / 150
    if loudness_lufs is not None:
        sound = 0.5 + seconds * channels / 50
    return _Costs(video, sound, 0.1 + seconds / 2000, 0.3 + seconds / 3000)


def _rendered(path: Path, scene: Scene, video: VideoTrack, sound: SoundTrack) -> Rendered:
    return Rendered(
        path=path,
        poster=scene.picture.poster,
        width=scene.picture.width,
        height=scene.picture.height,
        duration_seconds=scene.sound.duration_seconds,
        motion=video.motion,
        notices=(*scene.picture.notices, *scene.sound.notices, *video.notices, *sound.notices),
        loudness=sound.lufs,
        loudness_before=sound.lufs_before,
    )
