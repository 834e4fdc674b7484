"""Jobs that met an ill machine: they wait, ever longer, and that counts as no attempt."""

from __future__ import annotations

import json

from app.database.database import Database, now_ms
from app.domain.states import JobStatus
from app.jobs import leases, lost_leases
from app.jobs.leases import Lease
from app.jobs.lost_leases import MAX_DEFERRAL_MS, MAX_DEFERRED_MS, MIN_DEFERRAL_MS
from app.jobs.requeue import Requeue
from app.queue.queues import JobQueue
from tests.support.rows import LINKS, add_job, change, claimed, delivery_rows, job_row
from tests.support.servers import Valkey

TOLERANCE_MS = 2_000


def claim(database: Database, job_id: str) -> Lease | None:
    return leases.claim(database, job_id, job_row(database, job_id).generation, lease_seconds=15)


def deferred_for(database: Database, lease: Lease) -> int:
    """Defers it; returns for how many milliseconds it has to wait."""
    assert lost_leases.defer(database, lease, LINKS)
    row = job_row(database, lease.job.id)
    assert row.not_before_ms is not None
    return row.not_before_ms - row.updated_at_ms


def test_a_deferred_job_is_pending_again_and_the_attempt_uncounted(database: Database) -> None:
    lease = claimed(database)

    wait_ms = deferred_for(database, lease)

    row = job_row(database, lease.job.id)
    assert (row.status, row.attempts, row.retries, row.generation) == (JobStatus.PENDING, 0, 0, 1)
    assert abs(wait_ms - MIN_DEFERRAL_MS) < TOLERANCE_MS
    assert delivery_rows(database) == []


def test_it_can_not_be_begun_before_its_time(database: Database) -> None:
    lease = claimed(database)
    lost_leases.defer(database, lease, LINKS)

    assert claim(database, lease.job.id) is None
    change(database, lease.job.id, not_before_ms=now_ms() - 1)
    assert claim(database, lease.job.id) is not None


def test_it_is_rung_for_when_its_time_has_come(database: Database, valkey_server: Valkey) -> None:
    job_queue = JobQueue(valkey_server.url)
    lease = claimed(database)
    lost_leases.defer(database, lease, LINKS)

    assert Requeue(database, job_queue).run_once() == 0
    change(database, lease.job.id, not_before_ms=now_ms() - 1)
    assert Requeue(database, job_queue).run_once() == 1


def test_the_longer_it_has_been_deferred_the_longer_it_waits_within_bounds(database: Database) -> None:
    waits = []
    for minutes in (0, 1, 60):
        job_id = add_job(database, deferred_since_ms=None)
        change(database, job_id, deferred_since_ms=now_ms() - minutes * 60_000)
        lease = claim(database, job_id)
        assert lease is not None
        waits.append(deferred_for(database, lease))

    for wait_ms, expected_ms in zip(waits, (MIN_DEFERRAL_MS, 30_000, MAX_DEFERRAL_MS), strict=True):
        assert abs(wait_ms - expected_ms) < TOLERANCE_MS


def test_after_a_day_of_it_the_job_ends_and_nobody_s_file_is_blamed(database: Database) -> None:
    job_id = add_job(database)
    change(database, job_id, deferred_since_ms=now_ms() - MAX_DEFERRED_MS - 1)
    lease = claim(database, job_id)
    assert lease is not None

    assert lost_leases.defer(database, lease, LINKS)

    row = job_row(database, job_id)
    assert row.status is JobStatus.FAILED
    assert "Nothing is wrong with the files" in str(row.error_message)
    (delivery,) = delivery_rows(database)
    assert json.loads(delivery.body)["status"] == "FAILED"


def test_who_lost_the_lease_defers_nothing(database: Database) -> None:
    lease = claimed(database)
    leases.hand_back(database, lease)

    assert not lost_leases.defer(database, lease, LINKS)
