"""The heart of an attempt: what it shows, and what stops it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from functools import partial

import pytest

from app.database.database import Database
from app.database.models import Job
from app.domain.states import JobStatus, Phase
from app.jobs import leases, queries
from app.jobs.leases import Beat, Lease
from app.schemas.jobs import Links
from tests.support.rows import claimed
from tests.support.service import wait_until
from worker.errors import LeaseLost
from worker.execution.lease_heartbeat import TICK_SECONDS, LeaseHeartbeat


@pytest.fixture
def lease(database: Database) -> Lease:
    return claimed(database)


@pytest.fixture(autouse=True)
def _signal_handler() -> Iterator[None]:
    kept = signal.getsignal(signal.SIGUSR1)
    yield
    signal.signal(signal.SIGUSR1, kept)


def heart_of(database: Database, lease: Lease, *, lease_seconds: float) -> LeaseHeartbeat:
    beat = partial(leases.beat, database, lease, lease_seconds=lease_seconds)
    return LeaseHeartbeat(beat, lease_seconds=lease_seconds)


def shown(database: Database, lease: Lease) -> Job:
    return queries.get(database, lease.job.id, owner=lease.job.api_key_id)


def test_progress_is_shown_and_never_falls(database: Database, lease: Lease) -> None:
    with heart_of(database, lease, lease_seconds=15) as heartbeat:
        heartbeat.report(Phase.VIDEO, 0.4)
        wait_until(lambda: shown(database, lease).progress == 40, seconds=5)
        assert shown(database, lease).eta_seconds is None, "nothing is known yet"
        heartbeat.expect(100)
        wait_until(lambda: 90 < (shown(database, lease).eta_seconds or 0) <= 100, seconds=5)
        heartbeat.report(Phase.MUXING, 0.2)
        wait_until(lambda: shown(database, lease).phase is Phase.MUXING, seconds=5)

        assert shown(database, lease).progress == 40
        assert shown(database, lease).eta_seconds is not None


def test_the_whole_is_never_shown_before_the_end(database: Database, lease: Lease) -> None:
    with heart_of(database, lease, lease_seconds=15) as heartbeat:
        heartbeat.report(Phase.CHECKING, 1.0)

        assert wait_until(lambda: shown(database, lease).progress, seconds=5) == 99


def test_a_lost_lease_stops_the_main_thread(database: Database, lease: Lease) -> None:
    def work_for_ever() -> None:
        with heart_of(database, lease, lease_seconds=1):
            assert leases.hand_back(database, lease)
            threading.Event().wait(10)

    with pytest.raises(LeaseLost):
        work_for_ever()


def test_the_end_is_not_taken_for_a_lost_lease(database: Database, lease: Lease) -> None:
    links = Links("https://talkreel.test", b"k" * 32, 3600)

    def end() -> bool:
        landed = leases.fail(database, lease, "No.", links)
        # Time for two beats, which would find no lease.
        threading.Event().wait(3 * TICK_SECONDS)
        return landed

    with heart_of(database, lease, lease_seconds=1) as heartbeat:
        assert heartbeat.last_beat(end)
        threading.Event().wait(2 * TICK_SECONDS)

    assert shown(database, lease).status is JobStatus.FAILED


def test_an_unexpected_error_does_not_stop_the_heart(database: Database, lease: Lease) -> None:
    failures = [ValueError("a row that can't be read")]

    def beat(sign: Beat) -> bool:
        if failures:
            raise failures.pop()
        return leases.beat(database, lease, sign, lease_seconds=15)

    with LeaseHeartbeat(beat, lease_seconds=15) as heartbeat:
        heartbeat.report(Phase.VIDEO, 0.4)
        wait_until(lambda: shown(database, lease).progress == 40, seconds=5)


def test_errors_that_last_as_long_as_the_lease_stop_the_main_thread() -> None:
    def beat(_sign: Beat) -> bool:
        raise ValueError

    def work_for_ever() -> None:
        with LeaseHeartbeat(beat, lease_seconds=1):
            threading.Event().wait(10)

    with pytest.raises(LeaseLost):
        work_for_ever()
