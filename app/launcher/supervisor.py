"""Runs the Procfile's processes together, restarts what dies, and stops all of them in time."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from honcho.environ import expand_processes, parse_procfile
from honcho.printer import Printer

from app.launcher.child_process import Child
from app.launcher.programs import program_of

#: SIGKILL comes after this; the whole service is to stop within 10 s.
STOP_SECONDS = 8.0
POLL_SECONDS = 0.1


class Supervisor:
    """Children in the order of their start; they are stopped the other way round, the first ones last.

    It has no threads, as it forks: it looks after the children and their output in turn.
    """

    def __init__(self, first: Sequence[Child], rest: Sequence[Child]) -> None:
        self._first = first
        self._rest = rest
        self._is_stopping = False
        self._pid = os.getpid()

    def ask_to_stop(self) -> None:
        self._is_stopping = True

    def run(self) -> None:
        """Starts the children and keeps them alive until asked to stop; then stops them in STOP_SECONDS."""
        self._pid = os.getpid()
        try:
            while not self._is_stopping:
                for child in (*self._first, *self._rest):
                    child.keep()
                self._relay(POLL_SECONDS)
        finally:
            # A child that ends comes by here, too.
            if os.getpid() == self._pid:
                self.stop()

    def stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        self._stop(self._rest, deadline - 1)
        self._stop(self._first, deadline)
        self._relay(0)

    def _stop(self, children: Sequence[Child], deadline: float) -> None:
        for child in children:
            child.signal(signal.SIGTERM)
        while _alive(children) and time.monotonic() < deadline:
            self._relay(POLL_SECONDS)
        for child in children:
            child.signal(signal.SIGKILL)

    def _relay(self, seconds: float) -> None:
        """Prints what the children say; waits so long for it at most."""
        look = select.poll()
        for child in (*self._first, *self._rest):
            if child.output_descriptor is not None:
                look.register(child.output_descriptor, select.POLLIN)
        look.poll(seconds * 1000)
        for child in (*self._first, *self._rest):
            child.relay()


def _alive(children: Sequence[Child]) -> list[Child]:
    return [child for child in children if child.alive]


def procfile_children(
    procfile: Path, counts: Mapping[str, int], environment: Mapping[str, str], output: Printer
) -> list[Child]:
    """The Procfile's processes, each as often as `counts` says or once."""
    processes = parse_procfile(procfile.read_text()).processes
    return [
        Child(each.name, program_of(each.cmd), environment, output)
        for each in expand_processes(processes, concurrency=counts)
    ]
