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
import redis
from honcho.environ import parse_procfile

from app.core import packaged_files
from app.queue.queues import JobQueue
from tests.support.processes import Server, free_ports

#: As on any machine, but that a lost worker is noticed soon, and that this machine has room for one only.
COMMON = {"LEASE_SECONDS": "2", "WEB_WORKERS": "1", "RATE_LIMIT": "100000/minute"}
WEB_MACHINES = 2


class Fleet:
    """Starts machines that share `shared` (DATABASE_URL, REDIS_URL, STORAGE_URL ...) and one SECRET_KEY.

    `data_dirs` are theirs, one each; `addresses` are the web machines', of which PUBLIC_URL names the first.
    """

    def __init__(self, folder: Path, shared: Mapping[str, str], running: ExitStack) -> None:
        self._folder = folder
        self._running = running
        self._ports = free_ports(WEB_MACHINES)
        self.addresses = [f"http://127.0.0.1:{port}" for port in self._ports]
        self.address = self.addresses[0]
        self.shared = {
            "PATH": os.defpath,
            "PUBLIC_URL": self.address,
            "SECRET_KEY": uuid4().hex,
            **COMMON,
            **shared,
        }
        self._doorbell = JobQueue(shared["REDIS_URL"])
        self._workers: list[Server] = []

    @property
    def data_dirs(self) -> list[Path]:
        return sorted(self._folder.glob("*/data"))

    def start_web(self, number: int = 0, **own: str) -> Server:
        port = str(self._ports[number])
        return self._start("web", lambda: _answers(self.addresses[number]), PORT=port, **own)

    def start_worker(self) -> Server:
        """Returns when the queue knows it."""
        count = len(self._workers) + 1
        worker = self._start("worker", lambda: self._knows(count))
        self._workers.append(worker)
        return worker

    def stop_workers(self) -> None:
        """And has the queue forget those that were killed."""
        for worker in self._workers:
            worker.stop()
        self._workers.clear()
        with redis.Redis.from_url(self.shared["REDIS_URL"], socket_timeout=10) as queue:
            queue.flushall()

    def start_sweeper(self) -> Server:
        return self._start("sweeper", lambda: True)

    def _knows(self, workers: int) -> bool:
        try:
            return len(self._doorbell.workers_seen()) >= workers
        except redis.RedisError:
            return False

    def _start(self, process: str, answers: Callable[[], bool], **own: str) -> Server:
        folder = self._folder / f"{process}-{uuid4().hex[:8]}"
        folder.mkdir()
        environment = {**self.shared, "DATA_DIR": str(folder / "data"), "HOME": str(folder), **own}
        return self._running.enter_context(Server(command_of(process), folder, answers, environment))


def _answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health", timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def fleet(folder: Path, shared: Mapping[str, str]) -> Iterator[Fleet]:
    """A fleet without machines yet; those that it starts end with it."""
    with ExitStack() as running:
        yield Fleet(folder, shared, running)


def command_of(process: str) -> list[str]:
    """argv of one of the Procfile's processes, with our Python's programs."""
    program, *arguments = shlex.split(
        parse_procfile(packaged_files.procfile().read_text()).processes[process]
    )
    return [str(Path(sys.executable).parent / program), *arguments]
