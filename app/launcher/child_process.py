"""A supervised process, forked from a parent that has its imports: its output, its restarts, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import NoReturn

from honcho.printer import Message, Printer

#: Waits before the restarts of a process that keeps dying.
BACK_OFF_SECONDS = (0.2, 1, 2, 5, 10, 30)
#: A process that ran this long has recovered: its next restart comes soon again.
RECOVERED_SECONDS = 60.0
READ_BYTES = 64 * 1024

#: <linux/prctl.h>
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15
#: The kernel keeps so much of a process's name (TASK_COMM_LEN).
_MAX_NAME_CHARACTERS = 15

#: What a process does, in the process that was forked for it. It ends that one by returning or by SystemExit.
Program = Callable[[], object]


class Child:
    """One supervised process and when it may start again: not while it `is_replaced`.

    Start it from a process without threads of its own: only the thread that forks is there in the child.
    """

    def __init__(
        self,
        name: str,
        program: Program,
        environment: Mapping[str, str],
        output: Printer,
        is_replaced: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self._program = program
        self._environment = environment
        self._output = output
        self._is_replaced = is_replaced
        self._pid: int | None = None
        self._exit_code = 0
        self._reads: int | None = None
        self._unfinished_line = b""
        self._started_at = 0.0
        self._deaths = 0
        self._not_before = 0.0

    @property
    def alive(self) -> bool:
        if self._pid is None:
            return False
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if pid == 0:
            return True
        self._pid, self._exit_code = None, os.waitstatus_to_exitcode(status)
        return False

    @property
    def output_descriptor(self) -> int | None:
        """Where its output can be read; None once it has ended."""
        return self._reads

    def start(self) -> None:
        """Starts it in a session of its own: Ctrl-C reaches us alone."""
        self.relay()
        self._started_at, parent_pid = time.monotonic(), os.getpid()
        self._reads, writes = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            self._run(parent_pid, writes)
        os.close(writes)
        os.set_blocking(self._reads, False)

    def keep(self) -> None:
        """Restarts it if it died, not sooner than its back-off allows."""
        was_started = self._started_at and not self._not_before
        if self.alive:
            return
        now = time.monotonic()
        if was_started:
            self._note_death(now, self._exit_code)
        if now >= self._not_before and not self._is_replaced():
            self._not_before = 0.0
            self.start()

    def signal(self, number: signal.Signals) -> None:
        """Signals the process; SIGKILL goes to all of its group."""
        if not self.alive or self._pid is None:
            return
        with suppress(ProcessLookupError):
            (os.killpg if number is signal.SIGKILL else os.kill)(self._pid, number)

    def relay(self) -> None:
        """Prints what it has said since the last time, line by line."""
        while self._reads is not None:
            try:
                said = os.read(self._reads, READ_BYTES)
            except BlockingIOError:
                return
            if not said:
                os.close(self._reads)
                self._reads = None
            *lines, self._unfinished_line = (self._unfinished_line + said).split(b"\n")
            for line in lines:
                self.say(line + b"\n")

    def say(self, text: str | bytes) -> None:
        self._output.write(Message("line", text, datetime.now(), self.name, None))

    def _note_death(self, now: float, code: int) -> None:
        recovered = now - self._started_at > RECOVERED_SECONDS
        self._deaths = 0 if recovered else self._deaths
        wait_seconds = BACK_OFF_SECONDS[min(self._deaths, len(BACK_OFF_SECONDS) - 1)]
        self.say(f"ended with {code}; starting again in {wait_seconds} s")
        self._deaths += 1
        self._not_before = now + wait_seconds

    def _run(self, parent_pid: int, output: int) -> NoReturn:
        """In the child. SystemExit goes up through the frames of the parent, so that all ends as it would."""
        os.setsid()
        _end_with(parent_pid)
        _take_name(self.name)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        _redirect(output)
        os.environ.clear()
        os.environ.update(self._environment)
        self._program()
        sys.exit()


def _redirect(output: int) -> None:
    """Nothing to read, and all that is printed goes to the parent."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output, 1), (output, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(output)


def _end_with(parent_pid: int) -> None:
    """SIGTERM for us as soon as the parent ends. Linux only."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent_pid:  # It ended before that took hold.
        os._exit(1)


def _take_name(name: str) -> None:
    """`talkreel-web` in a list of processes, which shows the parent's command line otherwise. Linux only."""
    kind = name.partition(".")[0]
    _prctl(_PR_SET_NAME, f"talkreel-{kind}"[:_MAX_NAME_CHARACTERS].encode())


def _prctl(option: int, value: int | bytes) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
