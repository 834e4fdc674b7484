"""Starts processes: caged, followed, and certain to end. One, or as many at once as there are cores.

Start them from the main thread only: the kernel kills a child when the thread that started it ends.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import IO

from worker import cage
from worker.failures import ChildKilled, OutOfDisk, RenderFailed
from worker.follower import Follower
from worker.scene import ReportShare

CORES = os.cpu_count() or 1

#: ffmpeg catches SIGINT, SIGTERM and SIGXCPU, tidies up and exits with this.
INTERRUPTED = 255

POLL_SECONDS = 0.5

#: What every child gets, beside PATH: arenas would eat address space, and messages are to be in English.
BARE_ENVIRONMENT = {"MALLOC_ARENA_MAX": "2", "LC_ALL": "C"}


class ProgramFailed(Exception):
    """It gave up. `stderr` is the end of what it said: for the log, and for the caller to read."""

    def __init__(self, stderr: str) -> None:
        self.stderr = stderr
        super().__init__(stderr[-500:])


class ProgramTooSlow(ProgramFailed):
    """Killed by us: past its deadline, stalled, or out of its processor seconds."""


class ProgramMissing(Exception):
    """The program can't be started: a fault of the installation."""


@dataclass(frozen=True)
class Bounds:
    """What one process may use; it is killed at the first of these.

    `stall_seconds` is how long its progress may stand still, `processor_seconds` is summed over all cores.
    """

    deadline_seconds: float
    stall_seconds: float = 30
    processor_seconds: float = 0
    address_space_bytes: int = 2 << 30
    file_bytes: int = 8 << 30
    nice: int = 10

    def __post_init__(self) -> None:
        if not self.processor_seconds:
            object.__setattr__(self, "processor_seconds", self.deadline_seconds * CORES)

    def limits(self) -> list[str]:
        """The arguments of the cage."""
        processor_seconds = math.ceil(self.processor_seconds)
        return [
            f"AS={self.address_space_bytes}",
            f"CPU={processor_seconds}",
            f"FSIZE={self.file_bytes}",
            "NOFILE=64",
            "CORE=0",
        ]


@dataclass(frozen=True)
class Command:
    """A program with its arguments, which may tell its progress as ffmpeg does: `out_time_us=` on stdout."""

    argv: Sequence[str]
    bounds: Bounds
    expected_seconds: float | None = None
    environment: Mapping[str, str] = field(default_factory=dict)


def run(command: Command, report: ReportShare | None = None) -> str:
    """Runs one program to its end; returns the end of what it said to stderr.

    Raises:
        ProgramFailed: it exited with an error; ProgramTooSlow: it took too long.
        ChildKilled: a signal that wasn't ours ended it.
        RenderFailed: the output grew beyond its bounds; OutOfDisk: the disk is full.
        ProgramMissing: there is no program to run.
    """
    return run_all([command], report)[0]


def run_all(commands: Sequence[Command], report: ReportShare | None = None) -> list[str]:
    """Runs them in their order, CORES at once; one that fails ends them all. Raises what `run` does.

    `report` is told the share of all that is made so far, each weighing what its `expected_seconds` is.
    """
    shares = _Shares(commands, report)
    followers = [Follower(each.expected_seconds, shares.of(index)) for index, each in enumerate(commands)]
    waiting = deque(zip(commands, followers, strict=True))
    running: list[_Running] = []
    with ExitStack() as alive, selectors.DefaultSelector() as pipes:
        while waiting or running:
            while waiting and len(running) < CORES:
                running.append(_start(*waiting.popleft(), alive, pipes))
            _read(pipes)
            running = [each for each in running if not each.has_ended()]
    return [follower.stderr for follower in followers]


@contextmanager
def caged(
    argv: Sequence[str],
    bounds: Bounds,
    environment: Mapping[str, str] | None = None,
    *,
    stdin: int = subprocess.DEVNULL,
    stdout: int = subprocess.PIPE,
) -> Iterator[subprocess.Popen[bytes]]:
    """The process; dead and reaped at the end, whatever passes through."""
    cage_argv = [sys.executable, "-I", "-S", cage.__file__, str(os.getpid()), str(bounds.nice)]
    with subprocess.Popen(
        [*cage_argv, *bounds.limits(), "--", *argv],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env={**BARE_ENVIRONMENT, "PATH": os.environ.get("PATH", os.defpath), **(environment or {})},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def verdict(exit_code: int, stderr: str, *, out_of_processor_seconds: bool = False) -> Exception:
    """What an exit code other than 0 means."""
    if "No space left on device" in stderr:
        return OutOfDisk(stderr)
    if exit_code == -signal.SIGXFSZ or "File too large" in stderr:
        return RenderFailed("The video would become larger than this service makes them.", stderr)
    if out_of_processor_seconds:
        return ProgramTooSlow(stderr)
    if exit_code == cage.CANNOT_START:
        return ProgramMissing(stderr)
    if exit_code in (INTERRUPTED, cage.PARENT_IS_GONE):
        return ChildKilled("a child process", signal.SIGTERM)
    return ChildKilled("a child process", -exit_code) if exit_code < 0 else ProgramFailed(stderr)


class _Shares:
    """Adds up what several commands have made so far."""

    def __init__(self, commands: Sequence[Command], report: ReportShare | None) -> None:
        weights = [command.expected_seconds or 1 for command in commands]
        self._weights = [weight / sum(weights) for weight in weights]
        self._made = [0.0] * len(weights)
        self._report = report

    def of(self, index: int) -> ReportShare | None:
        return (lambda share: self._tell(index, share)) if self._report else None

    def _tell(self, index: int, share: float) -> None:
        self._made[index] = self._weights[index] * share
        if self._report:
            self._report(min(1.0, sum(self._made)))


class _Running:
    """One child on its way."""

    def __init__(self, command: Command, follower: Follower, child: subprocess.Popen[bytes]) -> None:
        self._bounds = command.bounds
        self._follower = follower
        self._child = child
        self._deadline = time.monotonic() + command.bounds.deadline_seconds
        self._stall_ends = time.monotonic() + command.bounds.stall_seconds
        self._open_pipes = 2

    def take(self, pipe: IO[bytes], chunk: bytes) -> None:
        """Takes what a pipe brought; nothing is its end."""
        if not chunk:
            self._open_pipes -= 1
        elif pipe is self._child.stderr:
            self._follower.take_stderr(chunk)
        elif self._follower.take_progress(chunk):
            self._stall_ends = time.monotonic() + self._bounds.stall_seconds

    def has_ended(self) -> bool:
        """Whether it is done. Raises what it failed of, or what it took too long for."""
        if self._open_pipes == 0:
            self._reap()
            return True
        if time.monotonic() > min(self._deadline, self._stall_ends):
            raise ProgramTooSlow(self._follower.stderr)
        return False

    def _reap(self) -> None:
        processor_seconds = _wait(self._child, self._deadline)
        if self._child.returncode != 0:
            used_up = processor_seconds >= self._bounds.processor_seconds
            raise verdict(self._child.returncode, self._follower.stderr, out_of_processor_seconds=used_up)
        self._follower.finish()


def _start(command: Command, follower: Follower, alive: ExitStack, pipes: selectors.BaseSelector) -> _Running:
    child = alive.enter_context(caged(command.argv, command.bounds, command.environment))
    running = _Running(command, follower, child)
    for pipe in (child.stdout, child.stderr):
        assert pipe
        pipes.register(pipe, selectors.EVENT_READ, running)
    return running


def _read(pipes: selectors.BaseSelector) -> None:
    """Hands on what there is to read, and lets go of what is closed."""
    for key, _ in pipes.select(timeout=POLL_SECONDS):
        chunk = os.read(key.fd, 65_536)
        if not chunk:
            pipes.unregister(key.fileobj)
        key.data.take(key.fileobj, chunk)


def _wait(child: subprocess.Popen[bytes], deadline: float) -> float:
    """Reaps the child, whose pipes are closed; returns the processor seconds it used."""
    while time.monotonic() <= deadline:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        time.sleep(0.002)
    raise ProgramTooSlow("It closed its pipes and lived on.")
