"""The only launcher of a process: ffmpeg with limits, a deadline, progress, and a certain end.

Start it from the main thread only: the kernel kills the child when the thread that started it ends.
"""

from __future__ import annotations

import math
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg
import imageio_ffmpeg

from worker import cage
from worker.failures import ChildKilled, OutOfDisk, RenderFailed
from worker.follower import Follower
from worker.scene import ReportShare

CORES = os.cpu_count() or 1

#: Threads of one ffmpeg: more would eat address space (a stack and an arena each) for little speed.
THREADS = min(8, CORES)

COMMON = ("-nostdin", "-hide_banner", "-stats_period", "0.25", "-progress", "pipe:1")

#: Goes before every input: nothing may be opened but the file itself.
CLOSED = {"protocol_whitelist": "file,pipe"}

#: Goes with every output file: nothing of ours or of the upload's is written beside the media.
ANONYMOUS = {"map_metadata": -1, "map_chapters": -1, "fflags": "+bitexact"}

#: ffmpeg catches SIGINT, SIGTERM and SIGXCPU, tidies up and exits with this.
INTERRUPTED = 255


class FfmpegError(Exception):
    """ffmpeg gave up. `stderr` is the end of what it said: for the log, and for the caller to read."""

    def __init__(self, stderr: str) -> None:
        self.stderr = stderr
        super().__init__(stderr[-500:])


class FfmpegTooSlow(FfmpegError):
    """Killed by us: past its deadline, stalled, or out of its processor seconds."""


class FfmpegMissing(Exception):
    """The program can't be started: a fault of the installation."""


@dataclass(frozen=True)
class Bounds:
    """What one ffmpeg may use; it is killed at the first of these.

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


def run(
    graph: Any,
    bounds: Bounds,
    *,
    expected_seconds: float | None = None,
    report: ReportShare | None = None,
    log_level: str = "error",
) -> str:
    """Runs a graph of the `ffmpeg` package to its end; returns the end of what it said to stderr.

    `report` is told the share of `expected_seconds` of output made so far; it never falls.

    Raises:
        FfmpegError: it exited with an error; FfmpegTooSlow: it took too long.
        ChildKilled: a signal that wasn't ours ended it.
        RenderFailed: the output grew beyond its bounds; OutOfDisk: the disk is full.
        FfmpegMissing: there is no program to run.
    """
    program, *arguments = ffmpeg.compile(graph, cmd=executable(), overwrite_output=True)
    follower = Follower(expected_seconds, report)
    with _child([program, "-loglevel", log_level, *COMMON, *arguments], bounds) as child:
        deadline = time.monotonic() + bounds.deadline_seconds
        _follow(child, follower, deadline, bounds.stall_seconds)
        processor_seconds = _wait(child, deadline)
    if child.returncode != 0:
        raise _verdict(child.returncode, follower.stderr, processor_seconds >= bounds.processor_seconds)
    follower.finish()
    return follower.stderr


def executable() -> str:
    """The ffmpeg of the wheel, or the one IMAGEIO_FFMPEG_EXE names."""
    return str(imageio_ffmpeg.get_ffmpeg_exe())


def local(path: Path) -> str:
    """A path as ffmpeg takes it: no character of it is read as a protocol or an option."""
    return f"file:{path.absolute()}"


@contextmanager
def _child(command: Sequence[str], bounds: Bounds) -> Iterator[subprocess.Popen[bytes]]:
    """The process; dead and reaped at the end, whatever passes through."""
    caged = [sys.executable, "-I", "-S", cage.__file__, str(os.getpid()), str(bounds.nice), *bounds.limits()]
    with subprocess.Popen(
        [*caged, "--", *command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={"MALLOC_ARENA_MAX": "2", "LC_ALL": "C", "PATH": os.environ.get("PATH", os.defpath)},
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def _follow(
    child: subprocess.Popen[bytes], follower: Follower, deadline: float, stall_seconds: float
) -> None:
    """Reads both pipes until the child closes them."""
    stall_ends = time.monotonic() + stall_seconds
    with selectors.DefaultSelector() as pipes:
        assert child.stdout
        assert child.stderr
        pipes.register(child.stdout, selectors.EVENT_READ, follower.take_progress)
        pipes.register(child.stderr, selectors.EVENT_READ, follower.take_stderr)
        while pipes.get_map():
            if _read(pipes):
                stall_ends = time.monotonic() + stall_seconds
            if time.monotonic() > min(deadline, stall_ends):
                raise FfmpegTooSlow(follower.stderr)


def _read(pipes: selectors.BaseSelector) -> bool:
    """Hands on what there is to read; returns whether it shows that the work got on."""
    got_on = False
    for key, _ in pipes.select(timeout=0.5):
        chunk = os.read(key.fd, 65_536)
        if not chunk:
            pipes.unregister(key.fileobj)
        elif key.data(chunk):
            got_on = True
    return got_on


def _wait(child: subprocess.Popen[bytes], deadline: float) -> float:
    """Reaps the child, whose pipes are closed; returns the processor seconds it used."""
    while time.monotonic() <= deadline:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            child.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        time.sleep(0.002)
    raise FfmpegTooSlow("It closed its pipes and lived on.")


def _verdict(exit_code: int, stderr: str, out_of_processor_seconds: bool) -> Exception:
    """What an exit code other than 0 means."""
    if "No space left on device" in stderr:
        return OutOfDisk(stderr)
    if exit_code == -signal.SIGXFSZ or "File too large" in stderr:
        return RenderFailed("The video would become larger than this service makes them.", stderr)
    if out_of_processor_seconds:
        return FfmpegTooSlow(stderr)
    if exit_code == cage.CANNOT_START:
        return FfmpegMissing(stderr)
    if exit_code in (INTERRUPTED, cage.PARENT_IS_GONE):
        return ChildKilled("ffmpeg", signal.SIGTERM)
    return ChildKilled("ffmpeg", -exit_code) if exit_code < 0 else FfmpegError(stderr)
