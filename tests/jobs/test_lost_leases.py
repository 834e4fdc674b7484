"""Jobs handed back, lost and taken back, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from app.database.database import Database, now_ms
from app.domain.states import JobStatus, Phase
from app.jobs import leases, lost_leases
from app.jobs.leases import Beat, Lease
from tests.support.rows import LINKS, add_job, change, claimed, delivery_rows, job_row, let_run_out

SIGN = Beat(Phase.VIDEO, 42, 7)


def test_a_job_handed_back_doesn_t_count_as_tried(database: Database) -> None:
    lease = claimed(database)
    leases.beat(database, lease, SIGN, lease_seconds=15)

    assert leases.hand_back(database, lease)

    row = job_row(database, lease.job.id)
    assert (row.status, row.phase, row.progress) == (JobStatus.PENDING, Phase.QUEUED, 0)
    assert (row.attempts, row.retries, row.generation) == (0, 0, 1)
    assert (row.rung_at_ms, row.lease_token, row.lease_until_ms, row.eta_seconds) == (None,) * 4


def test_a_lost_job_counts_and_is_queued_anew(database: Database) -> None:
    lease = claimed(database)
    leases.beat(database, lease, SIGN, lease_seconds=15)

    assert lost_leases.lose(database, lease, LINKS, max_attempts=3)

    row = job_row(database, lease.job.id)
    assert (row.status, row.phase, row.progress) == (JobStatus.PENDING, Phase.QUEUED, 0)
    assert (row.attempts, row.retries, row.generation) == (1, 1, 1)
    assert delivery_rows(database) == []


LOSSES: dict[str, Callable[[Database, Lease], object]] = {
    "told by itself": lambda database, lease: lost_leases.lose(database, lease, LINKS, max_attempts=3),
    "known to be dead": lambda database, lease: lost_leases.lose_dead(
        database, lease.job.id, lease.job.generation, LINKS, max_attempts=3
    ),
    "silent": lambda database, _lease: lost_leases.reclaim_expired(database, LINKS, max_attempts=3),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_the_last_attempt_s_loss_fails_the_job_and_tells_so(
    database: Database, lose: Callable[[Database, Lease], object]
) -> None:
    job_id = add_job(database)
    for generation in range(3):
        lease = leases.claim(database, job_id, generation, lease_seconds=15)
        assert lease is not None
        let_run_out(database, lease)
        assert lose(database, lease)

    row = job_row(database, job_id)
    assert (row.status, row.attempts, row.retries) == (JobStatus.FAILED, 3, 2)
    assert row.error_message is not None
    assert "broke off 3 times" in row.error_message
    (delivery,) = delivery_rows(database)
    assert json.loads(delivery.body)["status"] == "FAILED"


def test_who_holds_nothing_can_t_be_lost_as_dead(database: Database) -> None:
    lease = claimed(database)

    assert not lost_leases.lose_dead(database, lease.job.id, 1, LINKS, max_attempts=3)
    leases.hand_back(database, lease)
    assert not lost_leases.lose_dead(database, lease.job.id, 0, LINKS, max_attempts=3)
    assert job_row(database, lease.job.id).retries == 0


def test_only_what_has_run_out_is_taken_back(database: Database) -> None:
    silent, alive, waiting = claimed(database), claimed(database), add_job(database)
    let_run_out(database, silent)

    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3) == 1

    statuses = [job_row(database, job_id).status for job_id in (silent.job.id, alive.job.id, waiting)]
    assert statuses == [JobStatus.PENDING, JobStatus.PROCESSING, JobStatus.PENDING]
    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3) == 0


def test_what_has_run_out_is_taken_back_in_batches(database: Database) -> None:
    for _ in range(5):
        let_run_out(database, claimed(database))

    taken = [lost_leases.reclaim_expired(database, LINKS, max_attempts=3, limit=2) for _ in range(4)]

    assert taken == [2, 2, 1, 0]


def test_those_alive_don_t_crowd_out_the_silent(database: Database) -> None:
    _alive, silent = claimed(database), claimed(database)
    let_run_out(database, silent)

    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3, limit=1) == 1


def test_a_beat_in_the_last_moment_keeps_the_job(database: Database) -> None:
    lease = claimed(database)
    let_run_out(database, lease)
    leases.beat(database, lease, SIGN, lease_seconds=15)

    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3) == 0


@pytest.mark.fault(23)
def test_the_database_s_clock_is_asked_not_ours(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    lease = claimed(database)
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: 4_000_000_000.0)

    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3) == 0
    change(database, lease.job.id, lease_until_ms=now_ms() - 1)
    assert lost_leases.reclaim_expired(database, LINKS, max_attempts=3) == 1
