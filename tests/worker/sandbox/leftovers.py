"""A program that starts another, and whether that one has ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import psutil

#: Starts a process that outlives it and holds its pipes, and leaves that one's number in `child`.
CHILD_BEARING = """
import subprocess
child = subprocess.Popen(['sleep', '600'])
open('child', 'w').write(str(child.pid))
"""


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


def child_of(folder: Path) -> int:
    """The number of what CHILD_BEARING started, wherever it ran below `folder`."""
    (path,) = folder.rglob("child")
    return int(path.read_text())


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
