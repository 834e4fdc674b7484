"""A render: an upload goes through all stages, and a checked file comes out."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.domain.video_facts import VideoFacts
from worker.execution import pipeline
from worker.execution.stages import OPENING, REST, RenderConfig, Upload, Work
from worker.progress import Expect, Progress, Report


@dataclass(frozen=True)
class Rendered:
    """A checked MP4, a JPEG of its picture, and what there is to say about them."""

    path: Path
    poster: Path
    facts: VideoFacts


def render(
    upload: Upload, folder: Path, config: RenderConfig, report: Report, expect: Expect = lambda _seconds: None
) -> Rendered:
    """Makes `folder`/output.mp4; `folder` is the job's own scratch space and must exist.

    Call it from the main thread (see `worker.sandbox.runner`). `report`'s share never falls.
    `expect` is told how long the rest takes once that is known.

    Raises:
        RenderFailed: the upload can't become a video; the sentence says which file and why.
        ChildKilled, ProgramFailed, CheckFailed: nothing is wrong with the upload; try again.
    """
    work = Work(upload, folder, config)
    pipeline.run(OPENING, REST, work, Progress(report), expect)
    return Rendered(work.checked, work.picture.poster, _facts(work))


def _facts(work: Work) -> VideoFacts:
    made = (work.picture, work.sound, work.video, work.sound_track)
    return VideoFacts(
        motion=work.video.motion,
        notices=tuple(notice for each in made for notice in each.notices),
        duration_seconds=round(work.sound.duration_seconds, 6),
        width=work.picture.width,
        height=work.picture.height,
        loudness=work.sound_track.lufs,
        loudness_before=work.sound_track.lufs_before,
    )
