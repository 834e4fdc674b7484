"""Image in: Pillow decodes it in a caged process of its own, which may crash and swell as it likes."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from app.domain.warnings import Notice
from app.media.media_types import MediaType
from worker.errors import RenderFailed
from worker.sandbox import runner
from worker.sandbox.command import Command
from worker.sandbox.file_access import PYTHON, FileAccess
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramTooSlow
from worker.scene import Picture

#: What decodes a picture, where that takes more than Pillow.
PROGRAMS = {MediaType.HEIC: "worker.picture.heif"}

#: 50 million pixels of WebP take 950 MB; the other formats take half of that.
BOUNDS = Bounds(deadline_seconds=60, stall_seconds=60, address_space_bytes=1 << 30)


def normalise(source: Path, media_type: MediaType, folder: Path, *, max_pixels: int) -> Picture:
    """Writes the picture of `source`, its first frame if it moves, as `folder`/picture.png.

    Raises:
        RenderFailed: what `pixels.normalise` does, or it takes too long.
        ChildKilled: a child process died of a signal.
    """
    out = folder / "picture.json"
    command = Command(
        [
            sys.executable,
            "-m",
            PROGRAMS.get(media_type, "worker.picture.pixels"),
            str(source),
            media_type,
            str(max_pixels),
            str(out),
        ],
        BOUNDS,
        file_access=FileAccess((*PYTHON, source), (folder,)),
    )
    try:
        runner.run(command)
    except ProgramTooSlow as error:
        raise RenderFailed("The image takes too long to decode.", error.stderr) from error
    return _picture(folder, json.loads(out.read_text()))


def _picture(folder: Path, told: dict[str, Any]) -> Picture:
    if "sentence" in told:
        raise RenderFailed(told["sentence"], told["detail"])
    notices = tuple(Notice(**each) for each in told["notices"])
    return Picture(folder / told["path"], told["width"], told["height"], notices)
