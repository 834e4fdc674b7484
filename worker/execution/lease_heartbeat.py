"""The heart of a task: keeps its lease while the work goes on, and shows its progress."""

from __future__ import annotations

import contextvars
import os
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType

import structlog

from app.core.results import result_of
from app.domain.states import Phase
from app.errors import DatabaseUnavailable
from app.jobs.leases import Beat
from worker.errors import LeaseLost
from worker.progress import Expectation

log = structlog.get_logger(__name__)

#: Progress is written at most this often.
TICK_SECONDS = 0.5
#: How the heart stops the main thread.
LOST_SIGNAL = signal.SIGUSR1


class LeaseHeartbeat:
    """Beats from a thread of its own; the main thread enters it, and gets LeaseLost if the lease is.

    `beat` prolongs the lease and shows the sign; it answers False when the lease is lost.
    """

    def __init__(self, beat: Callable[[Beat], bool], *, lease_seconds: float) -> None:
        self._beat = beat
        self._lease_seconds = lease_seconds
        self._beaten_at = time.monotonic()
        self._phase = Phase.FETCHING
        self._share = 0.0
        self._expected: Expectation | None = None
        self._shown: Beat | None = None
        self._stopped = threading.Event()
        self._beating = threading.Lock()
        # With the words that the lines of the work are marked with.
        known = contextvars.copy_context()
        self._thread = threading.Thread(target=known.run, args=(self._run,), name="heart", daemon=True)

    def __enter__(self) -> LeaseHeartbeat:
        signal.signal(LOST_SIGNAL, _raise_lease_lost)
        self._thread.start()
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        signal.signal(LOST_SIGNAL, signal.SIG_IGN)
        self._stopped.set()
        self._thread.join(timeout=self._lease_seconds)

    def last_beat(self, write: Callable[[], bool]) -> bool:
        """The terminal write, with no beat at the same time, and none after it: that would find no lease."""
        with self._beating:
            landed = write()
            if landed:
                self._stopped.set()
        return landed

    def report(self, phase: Phase, share: float) -> None:
        """Tells how far the attempt is: `share` of the whole job, 0 to 1, never falling."""
        self._phase = phase
        self._share = max(self._share, min(share, 1.0))

    def expect(self, seconds: float) -> None:
        """Tells how long what is left now is expected to take. Until then nobody is told a time."""
        self._expected = Expectation(seconds, self._share, time.monotonic())

    def _run(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            with self._beating:
                is_held = self._stopped.is_set() or self._is_held_as_far_as_known()
            if not is_held:
                log.warning("lease lost")
                os.kill(os.getpid(), LOST_SIGNAL)
                return

    def _is_held_as_far_as_known(self) -> bool:
        """Whether the lease is held; where that can't be told, until it would have run out."""
        outcome = result_of(self._still_held)
        if not isinstance(outcome, Exception):
            return outcome
        log.error("heartbeat failed", exc_info=outcome)
        return time.monotonic() - self._beaten_at < self._lease_seconds

    def _still_held(self) -> bool:
        sign = self._sign()
        since_seconds = time.monotonic() - self._beaten_at
        if sign == self._shown and since_seconds < self._lease_seconds / 4:
            return True
        try:
            held = self._beat(sign)
        except DatabaseUnavailable:
            return since_seconds < self._lease_seconds
        self._beaten_at = time.monotonic()
        self._shown = sign
        return held

    def _sign(self) -> Beat:
        # 100 is for COMPLETED alone.
        expected = self._expected
        eta_seconds = expected.eta_seconds(self._share, time.monotonic()) if expected else None
        return Beat(self._phase, min(99, int(self._share * 100)), eta_seconds)


def _raise_lease_lost(_signal: int, _frame: FrameType | None) -> None:
    raise LeaseLost
