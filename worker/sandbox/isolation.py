"""Ties a child process to its parent and to its limits, then becomes or guards it.

`main`, run by a bare interpreter that starts fast, and so importing nothing but the standard library, takes

    PARENT_PID NICE HOW LIMIT=VALUE ... [STAY=NUMBER] READ=PATH ... WRITE=PATH ... -- PROGRAM ARGUMENT ...

HOW is `become`, for our own programs and ffmpeg: nothing but PATHs can be opened, nor any socket, where the
kernel can hold that. Or it is `guard`, for a program that may start others: the cage, which must lead a
process group, then stays beside the program, and ends all that it started when it or the parent ends.
LIMIT is a name of the `resource` module without its prefix (`AS`, `CPU`, `FSIZE`, `NOFILE`). With STAY the
program keeps to one core: that of this number among those it may use; for a negative number, to where it is.

It imports little, as its start is paid for by each child: neither pathlib nor typing.
It is a program and no `preexec_fn`, because code between fork and exec is not safe in a process that has
threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from worker.sandbox import landlock, process_tree, seccomp

#: <linux/prctl.h>
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38

#: Exit codes: the parent ended before we began; the program can't be started.
PARENT_IS_GONE = 125
CANNOT_START = 126


def die_with(parent_pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """This signal for us as soon as the thread that started us ends. Linux only; elsewhere nothing."""
    _prctl(PR_SET_PDEATHSIG, how)
    if os.getppid() != parent_pid:  # It ended before the line above took hold.
        os._exit(PARENT_IS_GONE)


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def limit(name: str, value: int) -> None:
    """Lowers both the soft and the hard limit; one that is lower already stays."""
    if name == "AS" and sys.platform != "linux":
        return  # macOS refuses it: what it maps into every process is larger already.
    kind = getattr(resource, f"RLIMIT_{name}")
    _, hard = resource.getrlimit(kind)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # A second between soft and hard, or the kernel skips SIGXCPU and kills outright.
    resource.setrlimit(kind, (allowed, allowed + 1 if name == "CPU" and allowed == value else allowed))


def stay(number: int) -> None:
    """Keeps us to one core: that of this number among ours, or for a negative one here. Linux only."""
    if sys.platform != "linux":
        return
    allowed = sorted(os.sched_getaffinity(0))
    core = ctypes.CDLL(None).sched_getcpu() if number < 0 else allowed[number % len(allowed)]
    try:
        os.sched_setaffinity(0, {core})
    except (OSError, ValueError):
        return  # It takes longer so, and that is all.


def confine(reads: Sequence[str], writes: Sequence[str]) -> None:
    """Leaves us these files and no sockets, as far as the kernel can hold that.

    A kernel that can and doesn't ends us: whoever is to be caged doesn't run outside.
    """
    _prctl(PR_SET_NO_NEW_PRIVS, 1)
    try:
        if landlock.version():
            landlock.confine(reads, writes)
        if seccomp.is_available():
            seccomp.refuse_sockets()
    except OSError as error:
        print(error, file=sys.stderr)
        os._exit(CANNOT_START)


def holes() -> list[str]:
    """What this kernel leaves open to the caged."""
    held = {"other files": landlock.version() > 0, "the network": seccomp.is_available()}
    return [name for name, is_held in held.items() if not is_held]


def restore_signals() -> None:
    """Python ignores these two, and what is ignored stays so across exec."""
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)


def become(program: list[str]) -> None:
    """The program takes our place."""
    restore_signals()
    try:
        os.execv(program[0], program)  # noqa: S606 (no shell is what we want)
    except OSError as error:
        print(error, file=sys.stderr)
        os._exit(CANNOT_START)


def guard(program: list[str]) -> None:
    """The program runs beside us; we end as it does, and nothing that it started outlives us."""
    process_tree.adopt()
    guard_pid = os.getpid()
    program_pid = os.fork()
    if program_pid == 0:
        die_with(guard_pid)
        become(program)
    status = _end_of(program_pid)
    process_tree.end_children()
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code < 0:
        restore_signals()
        os.kill(os.getpid(), -exit_code)
    sys.exit(exit_code)


def _end_of(program_pid: int) -> int:
    """Its exit status. Of others, who became our children when their parents ended, the ends are no news."""
    while True:
        pid, status = os.wait()
        if pid == program_pid:
            return status


def end_all(_signal: int, _frame: FrameType | None) -> None:
    """Ends the program, all that it started, and us."""
    process_tree.end_children()
    os.killpg(0, signal.SIGKILL)


def main(arguments: list[str]) -> None:
    divider = arguments.index("--")
    parent_pid, nice, how, *items = arguments[:divider]
    if how == "guard":
        signal.signal(signal.SIGTERM, end_all)
    die_with(int(parent_pid), signal.SIGTERM if how == "guard" else signal.SIGKILL)
    os.nice(int(nice))
    bounds = [item.split("=", 1) for item in items]
    reads, writes = ([path for name, path in bounds if name == kind] for kind in ("READ", "WRITE"))
    for name, value in bounds:
        if name == "STAY":
            stay(int(value))
        elif name not in {"READ", "WRITE"}:
            limit(name, int(value))
    if how == "become":
        confine(reads, writes)
    (guard if how == "guard" else become)(arguments[divider + 1 :])
