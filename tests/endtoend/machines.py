"""Several machines: the Procfile's processes, each in a folder of its own, around shared servers."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
from honcho.environ import parse_procfile

from app.queues import Doorbell
from app.service import PROCFILE
from tests.processes import Server, free_ports

#: As on any machine, but that a lost worker is noticed soon, and that this machine has room for one only.
COMMON = {"LEASE_SECONDS": "2", "WEB_WORKERS": "1", "RATE_LIMIT": "100000/minute"}


class Fleet:
    """Starts machines that share `shared` (DATABASE_URL, REDIS_URL, STORAGE_URL ...) and one SECRET_KEY."""

    def __init__(self, folder: Path, shared: Mapping[str, str], running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        (port,) = free_ports(1)
        self.address = f"http://127.0.0.1:{port}"
        self.shared = {
            "PATH": os.defpath,
            "PORT": str(port),
            "PUBLIC_URL": self.address,
            "SECRET_KEY": uuid4().hex,
            **COMMON,
            **shared,
        }
        self._doorbell = Doorbell(shared["REDIS_URL"])
        self._workers = 0

    def start_web(self) -> Server:
        return self._start("web", self._web_answers)

    def start_worker(self) -> Server:
        """Returns when the queue knows it."""
        self._workers += 1
        return self._start("worker", lambda: self._doorbell.live_workers() >= self._workers)

    def start_sweeper(self) -> Server:
        return self._start("sweeper", lambda: True)

    def _start(self, process: str, answers: Callable[[], bool]) -> Server:
        folder = self._folder / f"{process}-{uuid4().hex[:8]}"
        folder.mkdir()
        environment = {**self.shared, "DATA_DIR": str(folder / "data"), "HOME": str(folder)}
        return self._running.enter_context(Server(command_of(process), folder, answers, environment))

    def _web_answers(self) -> bool:
        try:
            return httpx.get(f"{self.address}/health", timeout=5).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False


@contextmanager
def fleet(folder: Path, shared: Mapping[str, str]) -> Iterator[Fleet]:
    """A fleet without machines yet; those that it starts end with it."""
    with ExitStack() as running:
        yield Fleet(folder, shared, running)


def command_of(process: str) -> list[str]:
    """argv of one of the Procfile's processes, with our Python's programs."""
    program, *arguments = shlex.split(parse_procfile(PROCFILE.read_text()).processes[process])
    return [str(Path(sys.executable).parent / program), *arguments]
