"""Whether this machine has what a render needs: where it has not, a failure says nothing of the upload."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection

import ffmpeg

from app.errors import CommitUnknown, DatabaseUnavailable, DiskFull, Unavailable
from worker.context import WorkerContext
from worker.errors import ChildKilled, MachineFault
from worker.sandbox import isolation
from worker.sandbox.ffmpeg import run
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed, ProgramMissing

#: No job is begun with less room for scratch files: some minutes of decoded sound and their video.
MIN_FREE_BYTES = 128 << 20
#: A look that takes longer finds the machine itself ill. Shorter than the time between two signs of life.
LOOK_SECONDS = 20.0
_FORK = get_context("fork")
_PART_OF = {DatabaseUnavailable: "database", CommitUnknown: "database", DiskFull: "disk"}
SELF_TEST_BOUNDS = Bounds(deadline_seconds=10)


def require_room(context: WorkerContext) -> None:
    """Raises MachineFault where there is no room to begin a job."""
    context.scratch.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(context.scratch).free < MIN_FREE_BYTES:
        raise MachineFault("disk", "there is no room for scratch files")


def require_well(context: WorkerContext) -> None:
    """Looks at all that a render needs of the machine.

    Raises:
        MachineFault: naming the first part that isn't well.
    """
    checks: dict[str, Callable[[], object]] = {
        "disk": lambda: require_room(context),
        "database": context.database.check,
        "storage": context.storage.check,
        "ffmpeg": _encode_one_frame,
    }
    for part, check in checks.items():
        try:
            check()
        except (Unavailable, OSError, ProgramFailed, ProgramMissing, ChildKilled) as error:
            raise MachineFault(part, repr(error)) from error


def part_that_is_ill(context: WorkerContext) -> str:
    """Its name, or nothing. Looks in a process of its own: a store must not be used before a fork."""
    heard, told = _FORK.Pipe(duplex=False)
    look = _FORK.Process(target=_tell_what_is_ill, args=(context, os.getpid(), told), daemon=True)
    look.start()
    told.close()
    try:
        return str(heard.recv()) if heard.poll(LOOK_SECONDS) else "machine"
    except EOFError:
        return "machine"
    finally:
        look.kill()
        look.join()
        heard.close()


def _tell_what_is_ill(context: WorkerContext, parent_pid: int, told: Connection) -> None:
    isolation.die_with(parent_pid)
    try:
        require_well(context)
    except MachineFault as fault:
        told.send(fault.part)
    else:
        told.send("")


def fault_behind(error: Exception, context: WorkerContext) -> MachineFault | None:
    """What of the machine made a render fail; None where it is well, so that the job is to be suspected."""
    if isinstance(error, MachineFault):
        return error
    if isinstance(error, Unavailable):
        # By now it may be well again; it was not the job's fault then either.
        return MachineFault(_PART_OF.get(type(error), "storage"), repr(error))
    try:
        require_well(context)
    except MachineFault as fault:
        return fault
    return None


def _encode_one_frame() -> None:
    picture = ffmpeg.input("color=size=16x16:rate=25:duration=0.04", f="lavfi")
    run(picture.output("pipe:", f="null", vcodec="libx264"), SELF_TEST_BOUNDS)
