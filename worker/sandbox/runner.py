"""Starts processes: caged, followed, and certain to end. One, or as many at once as there are cores.

Start them from the main thread, or from one of `worker.sandbox.concurrently`: the kernel kills a child when
the thread that started it ends.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import IO

from worker.errors import ChildKilled, OutOfDisk, RenderFailed
from worker.sandbox import isolation
from worker.sandbox.command import Command
from worker.sandbox.concurrently import look_up
from worker.sandbox.progress_reader import ProgressReader, Shares
from worker.sandbox.resource_limits import CORES
from worker.scene import ReportShare

#: ffmpeg catches SIGINT, SIGTERM and SIGXCPU, tidies up and exits with this.
INTERRUPTED = 255

POLL_SECONDS = 0.5

#: A bare interpreter knows no package of ours. This one is made by hand of its folder, the first argument, as
#: in a cage nobody can look around in the folder above.
CAGE = """
import sys, types
sys.modules["worker"] = types.ModuleType("worker")
package = sys.modules["worker.sandbox"] = types.ModuleType("worker.sandbox")
package.__path__ = [sys.argv.pop(1)]
from worker.sandbox.isolation import main
main(sys.argv[1:])
"""
PACKAGE = str(Path(__file__).parent)

#: How long what a foreign program left behind may go on holding its pipes.
LEFTOVER_SECONDS = 5.0


class ProgramFailed(Exception):
    """It gave up. `stderr` is the end of what it said: for the log, and for the caller to read.

    It says something of the upload only where that is decoded (`worker.sound.decoding`). Everywhere else the
    machine is at fault, and the job is tried again.
    """

    def __init__(self, stderr: str) -> None:
        self.stderr = stderr
        super().__init__(stderr[-500:])


class ProgramTooSlow(ProgramFailed):
    """Killed by us: past its deadline, stalled, or out of its processor seconds."""


class ProgramMissing(Exception):
    """The program can't be started: a fault of the installation."""


def run(command: Command, report: ReportShare | None = None) -> str:
    """Runs one program to its end; returns the end of what it said to stderr.

    Raises:
        ProgramFailed: it exited with an error; ProgramTooSlow: it took too long.
        ChildKilled: a signal that wasn't ours ended it.
        RenderFailed: the output grew beyond its bounds; OutOfDisk: the disk is full.
        ProgramMissing: there is no program to run.
        BrokenOff: nobody waits for it any longer (see `worker.sandbox.concurrently`).
    """
    return run_all([command], report)[0]


def run_all(commands: Sequence[Command], report: ReportShare | None = None) -> list[str]:
    """Runs them in their order, CORES at once; one that fails ends them all. Raises what `run` does.

    `report` is told the share of all that is made so far, each weighing what its `expected_seconds` is.
    """
    shares = Shares([command.expected_seconds or 1 for command in commands], report)
    followers = [each.reader(each.expected_seconds, shares.of(index)) for index, each in enumerate(commands)]
    waiting = deque(zip(commands, followers, strict=True))
    running: list[_Running] = []
    with ExitStack() as alive, selectors.DefaultSelector() as pipes:
        while waiting or running:
            while waiting and len(running) < CORES:
                running.append(_start(*waiting.popleft(), alive, pipes))
            _read(pipes)
            look_up()
            running = [each for each in running if not each.has_ended()]
    return [reader.stderr for reader in followers]


@contextmanager
def caged(
    command: Command, *, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.PIPE
) -> Iterator[subprocess.Popen[bytes]]:
    """The process; dead and reaped at the end, whatever passes through, and with it all that a foreign one
    started.
    """
    is_foreign = command.bounds.is_foreign
    with subprocess.Popen(
        [*_cage(command), "--", *command.argv],
        stdin=stdin,
        stdout=stdout,
        stderr=subprocess.PIPE,
        env=command.environment,
        cwd=command.folder,
        process_group=0 if is_foreign else None,
    ) as child:
        try:
            yield child
        finally:
            if is_foreign:
                _end_guard(child)
            child.kill()


def _cage(command: Command) -> list[str]:
    how = "guard" if command.bounds.is_foreign else "become"
    file_access = [] if command.bounds.is_foreign else command.file_access.arguments(command.argv[0])
    start = [sys.executable, "-I", "-S", "-c", CAGE, PACKAGE]
    return [*start, str(os.getpid()), str(command.bounds.nice), how, *command.bounds.limits(), *file_access]


def _end_guard(guard: subprocess.Popen[bytes]) -> None:
    """Lets it end what the program started, also what has left its group; then there is no more asking."""
    try:
        guard.terminate()
        guard.wait(LEFTOVER_SECONDS)
    except subprocess.TimeoutExpired:
        pass
    finally:
        _kill_group(guard.pid)


def _kill_group(leader_pid: int) -> None:
    # The leader may be reaped by now, and its number free if no other is left. That it has become another
    # group's would take a whole round of process ids within seconds. macOS forbids signals to zombies.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader_pid, signal.SIGKILL)


def verdict(
    exit_code: int, stderr: str, *, out_of_processor_seconds: bool = False, is_foreign: bool = False
) -> Exception:
    """What an exit code other than 0 means. A foreign program's positive codes mean that it gave up."""
    if "No space left on device" in stderr:
        return OutOfDisk(stderr)
    if exit_code == -signal.SIGXFSZ or "File too large" in stderr:
        return RenderFailed("The video would become larger than this service makes them.", stderr)
    if out_of_processor_seconds:
        return ProgramTooSlow(stderr)
    if exit_code == isolation.CANNOT_START:
        return ProgramMissing(stderr)
    if exit_code in (INTERRUPTED, isolation.PARENT_IS_GONE) and not is_foreign:
        return ChildKilled("a child process", signal.SIGTERM)
    return ChildKilled("a child process", -exit_code) if exit_code < 0 else ProgramFailed(stderr)


class _Running:
    """One child on its way."""

    def __init__(self, command: Command, reader: ProgressReader, child: subprocess.Popen[bytes]) -> None:
        self._bounds = command.bounds
        self._follower = reader
        self._child = child
        self._deadline = time.monotonic() + command.bounds.deadline_seconds
        self._stall_ends = time.monotonic() + command.bounds.stall_seconds
        self._open_pipes = 2
        self._used_seconds = 0.0

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
        if self._bounds.is_foreign:
            self._end_leftovers()
        if self._open_pipes == 0:
            self._reap()
            return True
        if time.monotonic() > min(self._deadline, self._stall_ends):
            raise ProgramTooSlow(self._follower.stderr)
        return False

    def _end_leftovers(self) -> None:
        """What it leaves behind at its end holds its pipes open: ends that with it."""
        if self._child.returncode is None and self._has_exited():
            _kill_group(self._child.pid)
            self._deadline = min(self._deadline, time.monotonic() + LEFTOVER_SECONDS)

    def _reap(self) -> None:
        """Waits for the end of the child, whose pipes are closed."""
        while not self._has_exited():
            if time.monotonic() > self._deadline:
                raise ProgramTooSlow("It closed its pipes and lived on.")
            time.sleep(0.002)
        if self._child.returncode != 0:
            raise verdict(
                self._child.returncode,
                self._follower.stderr,
                out_of_processor_seconds=self._used_seconds >= self._bounds.processor_seconds,
                is_foreign=self._bounds.is_foreign,
            )
        self._follower.finish()

    def _has_exited(self) -> bool:
        """Whether it is over and reaped; then its exit code and the processor seconds it used are known."""
        if self._child.returncode is None:
            pid, status, usage = os.wait4(self._child.pid, os.WNOHANG)
            if pid:
                self._child.returncode = os.waitstatus_to_exitcode(status)
                self._used_seconds = usage.ru_utime + usage.ru_stime
        return self._child.returncode is not None


def _start(
    command: Command, reader: ProgressReader, alive: ExitStack, pipes: selectors.BaseSelector
) -> _Running:
    child = alive.enter_context(caged(command))
    running = _Running(command, reader, child)
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
