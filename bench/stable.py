"""A render worker that notes when it forks, and a task that says how long ago that was: for bench/horse."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rq import Queue
from rq.job import Job

from worker.__main__ import RenderWorker

FORKED_AT = "BENCH_FORKED_AT"


class TimedWorker(RenderWorker):
    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        os.environ[FORKED_AT] = str(time.monotonic())
        super().fork_work_horse(job, queue)


def note(path: str) -> None:
    """A task's first line: appends the milliseconds since the fork."""
    took_ms = (time.monotonic() - float(os.environ[FORKED_AT])) * 1000
    with Path(path).open("a") as notes:
        notes.write(f"{took_ms}\n")
