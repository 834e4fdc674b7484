"""A supervised process: its output, its restarts with back-off, its end."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from honcho.printer import Message, Printer

#: Waits before the restarts of a process that keeps dying.
BACK_OFF_SECONDS = (0.2, 1, 2, 5, 10, 30)
#: A process that ran this long has recovered: its next restart comes soon again.
RECOVERED_SECONDS = 60.0

_libc = ctypes.CDLL(None)
#: <linux/prctl.h>
_PR_SET_PDEATHSIG = 1


class Child:
    """One supervised process, its output, and when it may start again: not while it `is_replaced`."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        environment: Mapping[str, str],
        output: Printer,
        is_replaced: Callable[[], bool] = lambda: False,
    ) -> None:
        self.name = name
        self._command = command
        self._environment = environment
        self._output = output
        self._is_replaced = is_replaced
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._deaths = 0
        self._not_before = 0.0

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Starts it in a process group of its own: Ctrl-C reaches us alone."""
        self._started_at = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            env=dict(self._environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent if sys.platform == "linux" else None,
        )
        threading.Thread(target=self._relay, args=(self._process,), daemon=True).start()

    def keep(self) -> None:
        """Restarts it if it died, not sooner than its back-off allows."""
        if self.alive:
            return
        now = time.monotonic()
        if self._process is not None:
            self._note_death(now, self._process.returncode)
        if now >= self._not_before and not self._is_replaced():
            self.start()

    def signal(self, number: signal.Signals) -> None:
        """Signals the process; SIGKILL goes to all of its group."""
        if self._process is None or not self.alive:
            return
        if number is signal.SIGKILL:
            os.killpg(self._process.pid, number)
        else:
            self._process.send_signal(number)

    def say(self, text: str | bytes) -> None:
        self._output.write(Message("line", text, datetime.now(), self.name, None))

    def _note_death(self, now: float, code: int) -> None:
        recovered = now - self._started_at > RECOVERED_SECONDS
        self._deaths = 0 if recovered else self._deaths
        wait_seconds = BACK_OFF_SECONDS[min(self._deaths, len(BACK_OFF_SECONDS) - 1)]
        self.say(f"ended with {code}; starting again in {wait_seconds} s")
        self._deaths += 1
        self._not_before = now + wait_seconds
        self._process = None

    def _relay(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        with process.stdout as lines:
            for line in lines:
                self.say(line)


def _end_with_parent() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
