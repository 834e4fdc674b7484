"""All that a process has started, however far down, and its certain end.

Whoever loses its parent becomes the child of the nearest ancestor that is a subreaper (prctl(2)), even if it
has left the process group and the session.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from contextlib import suppress

#: <linux/prctl.h>
PR_SET_CHILD_SUBREAPER = 36


def adopt() -> None:
    """From now on we are a subreaper. Linux only; elsewhere nothing."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def end_children() -> None:
    """Ends our children, then theirs, which are ours by then, until there are none."""
    while pids := children():
        for pid in pids:
            with suppress(PermissionError):
                os.kill(pid, signal.SIGKILL)
        os.wait()


def children() -> list[int]:
    """By what /proc says, see proc(5). macOS has none, and no subreapers."""
    if sys.platform != "linux":
        return []
    pids = [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdigit()]
    return [pid for pid in pids if _parent_of(pid) == os.getpid()]


def _parent_of(pid: int) -> int:
    """0 if it is gone by now. The name, which comes before the number, may hold anything."""
    with suppress(OSError), open(f"/proc/{pid}/stat", errors="replace") as stat:  # noqa: PTH123
        return int(stat.read().rpartition(")")[2].split()[1])
    return 0
