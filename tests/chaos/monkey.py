"""Lets one thing after another happen to the service, by a seed, and looks how long it takes to recover."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from app.errors import DatabaseUnavailable
from tests.chaos.faults import Fault
from tests.chaos.ledger import POLL_SECONDS, Ledger, Promise
from tests.chaos.victim import Victim
from tests.support.service import User
from tests.support.world import png, wav

RECOVERY_DEADLINE_SECONDS = 60.0
#: How often two things happen at once, after each has happened alone.
TWO_AT_ONCE = 0.25

#: What recovery is compared to.
NOTHING = Fault("nothing", lambda _victim, _random: True, "for comparison")
TWO = "two of these at once"


@dataclass(frozen=True)
class Wound:
    """A fault that happened, at `began_at` (Unix time), and what it took to recover.

    `recovery_seconds` begin when it is over (for a kill: at once) and end when a job that was submitted only
    then is COMPLETED and every job that was accepted before has ended.
    """

    name: str
    outcome: str
    recovery_seconds: float


class Monkey:
    """`probe` submits the jobs by which recovery is told."""

    def __init__(
        self, victim: Victim, ledger: Ledger, probe: User, faults: Sequence[Fault], seed: int
    ) -> None:
        self._victim = victim
        self._ledger = ledger
        self._probe = probe
        self._faults = faults
        self._random = Random(seed)

    def rage(self, seconds: float) -> Iterator[Wound]:
        """Everything once, in any order, then anything, until the time is over."""
        ends_at = time.monotonic() + seconds
        for faults in self._plan():
            if time.monotonic() > ends_at:
                return
            struck = [fault.strike(self._victim, self._random) for fault in faults]
            if all(struck):
                yield self._recover(faults)
            time.sleep(self._random.uniform(0, 1))

    def _plan(self) -> Iterator[tuple[Fault, ...]]:
        once = [NOTHING, *self._faults]
        self._random.shuffle(once)
        yield from ((fault,) for fault in once)
        while True:
            count = 2 if self._random.random() < TWO_AT_ONCE else 1
            yield tuple(self._random.sample(self._faults, count))

    def _recover(self, faults: tuple[Fault, ...]) -> Wound:
        begun_at = time.monotonic()
        deadline = begun_at + RECOVERY_DEADLINE_SECONDS
        name = faults[0].name if len(faults) == 1 else TWO
        under_way = self._active_jobs(otherwise=set())
        if not (self._completes_a_job(deadline) and self._have_ended(under_way, deadline)):
            names = " and ".join(fault.name for fault in faults)
            self._ledger.complain(f"no recovery {RECOVERY_DEADLINE_SECONDS:.0f} s after {names}")
        return Wound(
            name, faults[0].outcome if len(faults) == 1 else "each as above", time.monotonic() - begun_at
        )

    def _active_jobs(self, otherwise: set[str]) -> set[str]:
        """Those of `otherwise`, where the database can't be asked."""
        try:
            return self._victim.active_jobs()
        except DatabaseUnavailable:
            return otherwise

    def _have_ended(self, job_ids: set[str], deadline: float) -> bool:
        while job_ids & self._active_jobs(otherwise=job_ids):
            if time.monotonic() > deadline:
                return False
            time.sleep(POLL_SECONDS)
        return True

    def _completes_a_job(self, deadline: float) -> bool:
        """A job that was taken before the fault's end shows nothing: the next one does."""
        while (promise := self._submit()) is None or not promise.was_told:
            if time.monotonic() > deadline or (promise and not self._ledger.wait_for(promise, deadline)):
                return False
            time.sleep(POLL_SECONDS)
        return self._ledger.wait_for(promise, deadline) and promise.status == "COMPLETED"

    def _submit(self) -> Promise | None:
        return self._ledger.submit(self._probe, png(), wav(), motion="still")
