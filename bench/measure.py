"""What work costs: wall clock, processor and memory of a whole tree of processes."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

POLL_SECONDS = 0.05

#: Lines kept of what a program said, for when it fails.
LAST_WORDS = 20


@dataclass(frozen=True)
class Usage:
    """What one piece of work took. `done` is the share of it that was made before patience ended.

    `whole_seconds` is the time for all of it: measured, or by its rate if it was cut off (None: before it had
    one).
    """

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    done: float
    whole_seconds: float | None


class Tree:
    """A process and all that it starts, watched from a thread of ours while the block lasts."""

    def __init__(self, pid: int) -> None:
        self.peak_bytes = 0
        self.cpu_seconds = 0.0
        self._root = psutil.Process(pid)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Tree:
        self._before_seconds = sum(map(_cpu_seconds, self._family()))
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(POLL_SECONDS):
            self._look()

    def _look(self) -> None:
        family = self._family()
        self.peak_bytes = max(self.peak_bytes, sum(map(_memory_bytes, family)))
        used_seconds = sum(map(_cpu_seconds, family)) - self._before_seconds
        self.cpu_seconds = max(self.cpu_seconds, used_seconds)

    def _family(self) -> list[psutil.Process]:
        try:
            return [self._root, *self._root.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []


def _memory_bytes(process: psutil.Process) -> int:
    """What is resident; a page that several share counts once among them, where the kernel tells (Linux)."""
    try:
        return int(process.memory_full_info().pss if psutil.LINUX else process.memory_info().rss)
    except psutil.Error:
        return 0


def _cpu_seconds(process: psutil.Process) -> float:
    """With that of the children it has waited for."""
    try:
        return float(sum(process.cpu_times()[:4]))
    except psutil.Error:
        return 0.0


@dataclass
class Pace:
    """How a program gets on: the shares it told, and when."""

    begun_at: float = field(default_factory=time.monotonic)
    told: list[tuple[float, float]] = field(default_factory=list)

    def tell(self, share: float) -> None:
        self.told.append((time.monotonic() - self.begun_at, share))

    @property
    def done(self) -> float:
        return self.told[-1][1] if self.told else 0.0

    def whole_seconds(self) -> float | None:
        """When it would have ended, had it gone on as from the first share it told to the last."""
        if len({share for _, share in self.told}) < 2:
            return None
        (first_at, first), (last_at, last) = self.told[0], self.told[-1]
        return first_at + (1 - first) * (last_at - first_at) / (last - first)


def run(
    argv: list[str],
    folder: Path,
    share_of: Callable[[str], float | None],
    patience_seconds: float,
    environment: dict[str, str] | None = None,
) -> Usage:
    """Runs a program in `folder`, to its end or until patience ends; `share_of` reads what it prints.

    Raises:
        RuntimeError: it failed.
    """
    pace, words, overdue = Pace(), deque[str](maxlen=LAST_WORDS), threading.Event()
    with _started(argv, folder, environment) as process, Tree(process.pid) as tree:
        with _cut_off(process, patience_seconds, overdue):
            for line in process.stdout or ():
                words.append(line)
                if (share := share_of(line)) is not None:
                    pace.tell(share)
            _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.monotonic() - pace.begun_at
        process.returncode = os.waitstatus_to_exitcode(status)
    if overdue.is_set():
        return Usage(wall_seconds, tree.cpu_seconds, tree.peak_bytes, pace.done, pace.whole_seconds())
    if process.returncode:
        raise RuntimeError(f"{argv[0]} failed:\n{''.join(words)}")
    return Usage(wall_seconds, usage.ru_utime + usage.ru_stime, tree.peak_bytes, 1.0, wall_seconds)


def _started(argv: list[str], folder: Path, environment: dict[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        argv,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


@contextmanager
def _cut_off(
    process: subprocess.Popen[str], patience_seconds: float, overdue: threading.Event
) -> Iterator[None]:
    """Ends the process and all of its group when patience ends, or the block does."""

    def end() -> None:
        overdue.set()
        os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(patience_seconds, end)
    timer.start()
    try:
        yield
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        raise
    finally:
        timer.cancel()
