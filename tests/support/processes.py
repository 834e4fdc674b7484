"""A server as a child process of the test run: started, waited for, paused, killed, and never left behind."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NoReturn, Self

import psutil
import pytest

START_SECONDS = 60
STOP_SECONDS = 10
POLL_SECONDS = 0.02

#: Kills the process group $1 as soon as the test run is gone, which holds the other end of its input.
_GUARD = ("/bin/sh", "-c", 'read -r _; kill -KILL "-$1"', "guard")


class Server:
    """A child process in a group of its own, which can be stopped, killed, paused and started again.

    `answers` tells whether it is ready; what it prints is in `log`.
    """

    stop_signal = signal.SIGTERM

    def __init__(
        self,
        argv: list[str],
        folder: Path,
        answers: Callable[[], bool],
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.log = folder / "log"
        self._argv = argv
        self._folder = folder
        self._answers = answers
        self._environment = environment

    @property
    def pid(self) -> int:
        return self._process.pid

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when the server answers; one that doesn't is killed."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._argv,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
            )
        guard = (*_GUARD, str(self._process.pid))
        self._guard = subprocess.Popen(guard, stdin=subprocess.PIPE, start_new_session=True)
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Asks it to end; kills it if it doesn't. Nothing to do if it has ended."""
        self.resume()
        self._signal(self.stop_signal)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
        self._bury()

    def kill(self) -> None:
        """As a crash or a power loss would."""
        self._signal(signal.SIGKILL)
        self._bury()

    def restart(self) -> None:
        self.stop()
        self.start()

    def pause(self) -> None:
        """It keeps its connections and says nothing: a network that swallows everything."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def processes(self, words: str) -> list[psutil.Process]:
        """Our processes, at any depth, whose command line or name holds `words`."""
        family = psutil.Process(self._process.pid).children(recursive=True)
        return [process for process in family if words in f"{_command_line(process)} {_name(process)}"]

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _bury(self) -> None:
        self._process.wait(STOP_SECONDS)
        self._guard.kill()
        self._guard.communicate()

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"{self._argv[0]} did not start:\n{self.log.read_text()[-4000:]}")
            time.sleep(POLL_SECONDS)


def _command_line(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:
        return ""


def package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    return Path(spec.origin).parent if spec and spec.origin else missing(f"{name} is not installed")


def missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def free_ports(count: int) -> list[int]:
    """Different ports that nobody listens on at the moment."""
    with ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


@contextmanager
def short_folder() -> Iterator[Path]:
    """A new folder with a path short enough for a unix socket."""
    with tempfile.TemporaryDirectory(prefix="talkreel-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)
