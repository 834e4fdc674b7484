"""What every task needs around its work: a way to be stopped, scratch room, and writes that land."""

from __future__ import annotations

import errno
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from app.errors import DatabaseUnavailable, DiskFull
from worker.context import WorkerContext
from worker.errors import HandBack, OutOfDisk

NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def interruptible() -> Iterator[None]:
    """SIGTERM raises HandBack here; afterwards it is ignored, as the end of the task is near."""
    signal.signal(signal.SIGTERM, _raise_hand_back)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _raise_hand_back(_signal: int, _frame: FrameType | None) -> None:
    raise HandBack


@contextmanager
def scratch_folder(context: WorkerContext, job_id: str, token: str) -> Iterator[Path]:
    """A folder for the holder of this lease, removed at the end."""
    folder = context.scratch / f"{job_id}-{token}"
    folder.mkdir(parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def room_needed() -> Iterator[None]:
    """Raises OutOfDisk for whatever says that the disk is full."""
    try:
        yield
    except DiskFull as error:
        raise OutOfDisk(repr(error)) from error
    except OSError as error:
        raise OutOfDisk(repr(error)) if error.errno in NO_ROOM else error from error


def persistently(write: Callable[[], bool]) -> bool:
    """The write's answer, as soon as the database gives one. Meanwhile the heart may find the lease lost."""
    while True:
        try:
            return write()
        except DatabaseUnavailable:
            time.sleep(1)
