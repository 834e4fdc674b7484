"""Named moments at which a test makes a process crash. A testing aid alone: no service sets the variable.

While FAILPOINT_DIR names a folder, whoever reaches a moment and can remove the file of its name there is
killed on the spot, as by a crash. So a file kills one process once, and its absence tells that it has.

    before_commit   the uploads are stored, there is no row yet
    after_commit    the row is there, Redis hasn't heard of it
    after_ring      it is queued, the row doesn't know
    after_claim     a worker has the job and hasn't begun
    after_store     the video is stored, the row doesn't know
    after_end       the job has ended, its uploads are still there
    after_delete    the row is gone for good, the files are still there
    after_post      a webhook was answered, the row doesn't know
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

FOLDER_VARIABLE = "FAILPOINT_DIR"


def reach(moment: str) -> None:
    """Marks the moment. Costs one look into the environment."""
    folder = os.environ.get(FOLDER_VARIABLE)
    if folder is not None:
        _crash_if_armed(Path(folder) / moment)


def _crash_if_armed(file: Path) -> None:
    try:
        file.unlink()
    except FileNotFoundError:
        return
    os.kill(os.getpid(), signal.SIGKILL)
