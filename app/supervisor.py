"""Runs the Procfile's processes together, restarts what dies, and stops all of them in time."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from honcho.environ import expand_processes, parse_procfile
from honcho.printer import Printer

from app.children import Child

#: SIGKILL comes after this; the whole service is to stop within 10 s.
STOP_SECONDS = 8.0
POLL_SECONDS = 0.1


class Supervisor:
    """Children in the order of their start; they are stopped the other way round, the first ones last."""

    def __init__(self, first: Sequence[Child], rest: Sequence[Child]) -> None:
        self._first = first
        self._rest = rest
        self._stopping = threading.Event()

    def ask_to_stop(self) -> None:
        self._stopping.set()

    def run(self) -> None:
        """Starts the children and keeps them alive until asked to stop; then stops them in STOP_SECONDS."""
        try:
            while not self._stopping.wait(POLL_SECONDS):
                for child in (*self._first, *self._rest):
                    child.keep()
        finally:
            self.stop()

    def stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        _stop(self._rest, deadline - 1)
        _stop(self._first, deadline)


def _stop(children: Sequence[Child], deadline: float) -> None:
    for child in children:
        child.signal(signal.SIGTERM)
    while any(child.alive for child in children) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    for child in children:
        child.signal(signal.SIGKILL)


def procfile_children(
    procfile: Path, counts: Mapping[str, int], environment: Mapping[str, str], output: Printer
) -> list[Child]:
    """The Procfile's processes, each as often as `counts` says or once, with our Python first on PATH."""
    bin_dir = str(Path(sys.executable).parent)
    found = {**environment, "PATH": os.pathsep.join([bin_dir, environment.get("PATH", os.defpath)])}
    processes = parse_procfile(procfile.read_text()).processes
    return [
        Child(each.name, _command(each.cmd, bin_dir), found, output)
        for each in expand_processes(processes, concurrency=counts)
    ]


def _command(line: str, bin_dir: str) -> list[str]:
    """argv without a shell in between, which would keep our signals to itself."""
    program, *arguments = shlex.split(line)
    ours = Path(bin_dir) / program
    return [str(ours) if ours.exists() else program, *arguments]
