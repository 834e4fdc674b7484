"""A video made without a service: the same checks, the same engine, the same sentences."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.cli.local_job import CannotMake, LocalJob, Report
from app.config.settings import Settings
from app.core import atomic_file
from app.domain.states import Phase
from app.domain.video_facts import VideoFacts
from app.errors import ApiError, FileTooLarge
from app.media.inspection import MediaLimits, confirmed, inspect, sniffed
from app.media.media_types import INPUTS, MediaType
from worker.errors import CheckFailed, ChildKilled, MachineFault, OutOfDisk, RenderFailed
from worker.execution.render import render
from worker.execution.stages import RenderConfig, Upload
from worker.execution.task_scope import room_needed
from worker.progress import Expectation
from worker.sandbox.runner import ProgramFailed

NO_ROOM = "There is no room on the disk for the files that a video is made of."
BROKE_OFF = "The video could not be made: a program broke off while working on it ({reason}). Try again."


def make(order: LocalJob, settings: Settings, report: Report) -> VideoFacts:
    """A `LocalRenderer`."""
    with _sentences(), room_needed(), tempfile.TemporaryDirectory(prefix="talkreel-") as name:
        folder = Path(name)
        upload = _upload(order, folder, settings)
        told = _Told(report)
        rendered = render(upload, folder, RenderConfig.of(settings), told.report, told.expect)
        with atomic_file.written(order.out) as part:
            shutil.copyfile(rendered.path, part)
    return rendered.facts


@contextmanager
def _sentences() -> Iterator[None]:
    """Raises CannotMake for whatever has a sentence."""
    try:
        yield
    except ApiError as refusal:
        raise CannotMake(refusal.sentence, refusal.code) from refusal
    except RenderFailed as failure:
        raise CannotMake(failure.sentence, "render_failed") from failure
    except OutOfDisk as error:
        raise CannotMake(NO_ROOM, "disk_full") from error
    except (CheckFailed, ChildKilled, MachineFault, ProgramFailed) as error:
        raise CannotMake(BROKE_OFF.format(reason=error), "broke_off") from error


def _upload(order: LocalJob, folder: Path, settings: Settings) -> Upload:
    image, image_type = _taken("image", order.portrait, folder, settings)
    audio, audio_type = _taken("audio", order.voice, folder, settings)
    return Upload(image, image_type, audio, audio_type, order.options)


def _taken(name: str, source: Path, folder: Path, settings: Settings) -> tuple[Path, MediaType]:
    """A copy under a name of ours, as the front door would take it."""
    if source.stat().st_size > settings.max_file_bytes:
        raise FileTooLarge(name, settings.max_file_bytes)
    path = folder / name
    shutil.copyfile(source, path)
    with path.open("rb") as file:
        media_type = sniffed(name, file.read(INPUTS[name].sniff_bytes))
    media_type = confirmed(name, path, media_type)
    inspect(name, path, media_type, MediaLimits(settings.max_image_pixels, settings.max_audio_seconds))
    return path, media_type


class _Told:
    """Adds the seconds that are left to what is reported."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._share = 0.0
        self._expected: Expectation | None = None

    def expect(self, seconds: float) -> None:
        self._expected = Expectation(seconds, self._share, time.monotonic())

    def report(self, phase: Phase, share: float) -> None:
        self._share = share
        eta_seconds = self._expected.eta_seconds(share, time.monotonic()) if self._expected else None
        # 100 is for what is where it was asked for.
        self._report(phase, min(99, int(share * 100)), eta_seconds)
