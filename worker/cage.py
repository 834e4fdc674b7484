"""Ties a child process to its parent and to its limits, then becomes or guards it.

Run by path with a bare interpreter, and so importing nothing of ours:

    python -I -S cage.py PARENT_PID NICE HOW LIMIT=VALUE ... -- PROGRAM ARGUMENT ...

HOW is `become`, or `guard` for a program that may start others: the cage, which must lead a process group,
then stays beside the program, and ends the group when the parent ends. LIMIT is a name of the `resource`
module without its prefix (`AS`, `CPU`, `FSIZE`, `NOFILE`). It is a program and no `preexec_fn`, because code
between fork and exec is not safe in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from types import FrameType

#: <linux/prctl.h>
PR_SET_PDEATHSIG = 1

#: Exit codes: the parent ended before we began; the program can't be started.
PARENT_IS_GONE = 125
CANNOT_START = 126


def die_with(parent_pid: int, how: signal.Signals = signal.SIGKILL) -> None:
    """This signal for us as soon as the thread that started us ends. Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, how, 0, 0, 0)
    if os.getppid() != parent_pid:  # It ended before the line above took hold.
        os._exit(PARENT_IS_GONE)


def limit(name: str, value: int) -> None:
    """Lowers both the soft and the hard limit; one that is lower already stays."""
    if name == "AS" and sys.platform != "linux":
        return  # macOS refuses it: what it maps into every process is larger already.
    kind = getattr(resource, f"RLIMIT_{name}")
    _, hard = resource.getrlimit(kind)
    allowed = value if hard == resource.RLIM_INFINITY else min(value, hard)
    # A second between soft and hard, or the kernel skips SIGXCPU and kills outright.
    resource.setrlimit(kind, (allowed, allowed + 1 if name == "CPU" and allowed == value else allowed))


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
    """The program runs beside us; we end as it does."""
    program_pid = os.fork()
    if program_pid == 0:
        become(program)
    _, status = os.waitpid(program_pid, 0)
    exit_code = os.waitstatus_to_exitcode(status)
    if exit_code < 0:
        restore_signals()
        os.kill(os.getpid(), -exit_code)
    sys.exit(exit_code)


def end_group(_signal: int, _frame: FrameType | None) -> None:
    """Ends us, the program and all that it started."""
    os.killpg(0, signal.SIGKILL)


def main(arguments: list[str]) -> None:
    divider = arguments.index("--")
    parent_pid, nice, how, *limits = arguments[:divider]
    if how == "guard":
        signal.signal(signal.SIGTERM, end_group)
    die_with(int(parent_pid), signal.SIGTERM if how == "guard" else signal.SIGKILL)
    os.nice(int(nice))
    for name, value in (item.split("=") for item in limits):
        limit(name, int(value))
    (guard if how == "guard" else become)(arguments[divider + 1 :])


if __name__ == "__main__":
    main(sys.argv[1:])
