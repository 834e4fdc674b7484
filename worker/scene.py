"""What an engine is given and what it gives back: a Scene in, a video track out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from app.domain.states import Motion, MotionMade
from app.domain.warnings import Notice
from worker.video_format import FRAME_RATE

#: Told what share (0 to 1) of the work at hand is done, as it gets done.
ReportShare = Callable[[float], None]


@dataclass(frozen=True)
class Picture:
    """An upright 8-bit sRGB picture without alpha, as a PNG; `width` and `height` are even, in pixels."""

    path: Path
    width: int
    height: int
    notices: tuple[Notice, ...] = ()

    @property
    def poster(self) -> Path:
        """A JPEG of it, beside it, for who is to see it before the video plays."""
        return self.path.with_name("poster.jpg")


@dataclass(frozen=True)
class Sound:
    """Decoded sound: 16-bit PCM in a WAV file at `path`, 1 or 2 channels, `samples` per channel.

    `aac` is the upload itself, if that holds the same as AAC-LC.
    """

    path: Path
    sample_rate: int
    channels: int
    samples: int
    notices: tuple[Notice, ...] = ()
    aac: Path | None = None

    @property
    def duration_seconds(self) -> float:
        return self.samples / self.sample_rate


#: A stretch of frames: the first one, and the one after the last.
Span = tuple[int, int]

#: Draws a stretch here, on all cores, to an MP4 at the path.
Draw = Callable[[Span, Path, ReportShare], None]


@dataclass(frozen=True)
class SegmentSpec:
    """All that it takes to draw any stretch of a talk, anywhere: two files beside each other.

    Where the `digest` is the same, the same program draws the same frames.
    """

    performance: Path
    picture: Path
    frames: int
    digest: str


class SegmentPool(Protocol):
    """Shares a long talk out among the workers that are free."""

    def film(self, script: SegmentSpec, draw: Draw, report: ReportShare) -> list[Path]:
        """The talk as MP4s, one after the other, each beginning with a key frame.

        `draw` makes those that nobody else does. Raises what it raises.
        """
        ...


@dataclass(frozen=True)
class Scene:
    """One video to make. `folder` is scratch space for the engine, removed by the caller;

    `face_model_dir` is where the talking engine finds its models; a long talk has a `crew`.
    """

    picture: Picture
    sound: Sound
    motion: Motion
    folder: Path
    face_model_dir: Path
    crew: SegmentPool | None = None

    @property
    def frames(self) -> int:
        """Video frames that cover the sound to within half a frame, at least one."""
        return max(1, round(self.sound.duration_seconds * FRAME_RATE))


@dataclass(frozen=True)
class VideoTrack:
    """H.264 in an MP4 at `path`, without sound: `Scene.frames` frames, or those that are to be repeated until
    there are as many.
    """

    path: Path
    motion: MotionMade
    notices: tuple[Notice, ...] = ()
    is_repeated: bool = False


@dataclass(frozen=True)
class SoundTrack:
    """AAC-LC in an MP4 at `path`. A filter for its packets, `retiming`, gives them their times, if need be.

    `lufs` is its integrated loudness and `lufs_before` the upload's, where a loudness was asked for.
    """

    path: Path
    lufs: float | None = None
    lufs_before: float | None = None
    notices: tuple[Notice, ...] = ()
    retiming: str | None = None


class Engine(Protocol):
    """Turns a Scene into a VideoTrack.

    Raises:
        CannotTalk: nothing was made, and the sentence says why; the picture stands still, if it may.
        RenderFailed: the upload can't become a video; the sentence says which file and why.
        ChildKilled, ProgramFailed: a child process died of a signal, or gave up; try again.
    """

    def __call__(self, scene: Scene, report: ReportShare) -> VideoTrack: ...
