"""The engine that runs an operator's command, such as Wav2Lip, MuseTalk or LatentSync on a GPU.

The command is split as a shell would, then each argument is filled in by itself; no shell ever reads it. It
writes an MP4 to `{out}`, may print lines like `progress 0.42`, and exits with 0.
"""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import structlog

from app.config.settings import Settings
from app.domain.states import MotionMade
from app.domain.warnings import ENGINE_FAILED, Notice
from worker.engines.talking.engine import idle
from worker.errors import CannotTalk, RenderFailed
from worker.progress import between
from worker.sandbox import runner
from worker.sandbox.command import Command
from worker.sandbox.progress_reader import ShareFollower
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed, ProgramMissing
from worker.scene import ReportShare, Scene, VideoTrack
from worker.video.conformance import ClipRefused, fitted
from worker.video_format import FRAME_RATE

log = structlog.get_logger(__name__)

#: Shares of the work: our idle video, if the command wants one; the command; then its video's check.
IDLE_DONE, COMMAND_DONE = 0.2, 0.95

#: Of the service's environment, the command gets all but our settings and what opens our doors.
OUR_VARIABLES = frozenset(name.upper() for name in Settings.model_fields)
OUR_PREFIX = "AWS_"


@dataclass(frozen=True)
class ExternalEngine:
    """An `Engine`. `template` is a valid ENGINE_COMMAND.

    Raises:
        CannotTalk: `engine_failed`, or, if it is to get a video of ours, what `idle` raises.
        OutOfDisk, ChildKilled: as every engine.
    """

    template: str
    deadline_seconds: float

    def __call__(self, scene: Scene, report: ReportShare) -> VideoTrack:
        folder = scene.folder / "engine"
        folder.mkdir()
        video, notices = self._idle(scene, between(report, 0, IDLE_DONE))
        out = folder / "out.mp4"
        command = self._command(_places(scene, video, out))
        try:
            runner.run(command, between(report, IDLE_DONE, COMMAND_DONE))
            path = fitted(out, scene, between(report, COMMAND_DONE, 1))
        except (ProgramFailed, ProgramMissing, RenderFailed, ClipRefused) as error:
            log.error("engine failed", problem=str(error))
            raise CannotTalk(ENGINE_FAILED.code, ENGINE_FAILED.sentence) from error
        return VideoTrack(path, MotionMade.TALKING, notices)

    def _idle(self, scene: Scene, report: ReportShare) -> tuple[Path | None, tuple[Notice, ...]]:
        """A video of the speaker with the mouth at rest, made only for a command that asks for it."""
        if "{video}" not in self.template:
            return None, ()
        track = idle(scene, report)
        return track.path, track.notices

    def _command(self, places: Mapping[str, str]) -> Command:
        program, *arguments = (word.format_map(places) for word in shlex.split(self.template))
        return Command(
            [str(Path(shutil.which(program) or program).absolute()), *arguments],
            Bounds(deadline_seconds=self.deadline_seconds, is_foreign=True),
            environment=operators_environment(os.environ),
            folder=Path(places["folder"]),
            reader=ShareFollower,
        )


def operators_environment(ours: Mapping[str, str]) -> dict[str, str]:
    """What of `ours` a command of the operator's gets: no setting and no secret of the service."""
    return {
        name: value
        for name, value in ours.items()
        if name not in OUR_VARIABLES and not name.startswith(OUR_PREFIX)
    }


def _places(scene: Scene, video: Path | None, out: Path) -> dict[str, str]:
    return {
        "image": str(scene.picture.path.absolute()),
        "video": str(video.absolute() if video else ""),
        "audio": str(scene.sound.path.absolute()),
        "out": str(out.absolute()),
        "fps": str(FRAME_RATE),
        "folder": str(out.parent.absolute()),
    }
