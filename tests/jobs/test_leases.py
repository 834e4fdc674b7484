"""What a worker does with a job, on both databases."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy.exc import IntegrityError

from app.core import ids
from app.database.database import Database
from app.database.models import Delivery
from app.domain.states import DeliveryStatus, JobStatus, Phase
from app.jobs import leases, lost_leases
from app.jobs.leases import Beat, Lease
from tests.support.rows import HOOK, LINKS, OUTCOME, add_job, claimed, delivery_rows, job_row, let_run_out

SIGN = Beat(Phase.VIDEO, 42, 7)


def test_a_pending_job_is_claimed_once(database: Database) -> None:
    job_id = add_job(database)

    first = leases.claim(database, job_id, 0, lease_seconds=15)
    second = leases.claim(database, job_id, 0, lease_seconds=15)

    assert first is not None
    assert second is None
    row = job_row(database, job_id)
    assert (row.status, row.attempts, row.lease_token) == (JobStatus.PROCESSING, 1, first.token)
    assert row.lease_until_ms is not None
    assert 14_000 <= row.lease_until_ms - row.updated_at_ms <= 15_500


def test_a_bell_of_another_generation_claims_nothing(database: Database) -> None:
    job_id = add_job(database, generation=2)

    assert [leases.claim(database, job_id, stale, lease_seconds=15) for stale in (0, 1, 3)] == [None] * 3
    assert job_row(database, job_id).status is JobStatus.PENDING


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.PENDING])
def test_only_a_pending_job_can_be_claimed(database: Database, status: JobStatus) -> None:
    job_id = add_job(database, status=status)

    assert leases.claim(database, job_id, 0, lease_seconds=15) is None
    assert job_row(database, job_id).attempts == 0


def test_a_beat_prolongs_the_lease_and_shows_progress(database: Database) -> None:
    lease = claimed(database)
    let_run_out(database, lease)

    assert leases.beat(database, lease, SIGN, lease_seconds=60)

    row = job_row(database, lease.job.id)
    assert (row.phase, row.progress, row.eta_seconds) == (SIGN.phase, SIGN.progress, SIGN.eta_seconds)
    assert row.lease_until_ms is not None
    assert row.lease_until_ms > row.updated_at_ms + 55_000


LATE_MOVES: dict[str, Callable[[Database, Lease], bool]] = {
    "beat": lambda database, lease: leases.beat(database, lease, SIGN, lease_seconds=15),
    "complete": lambda database, lease: leases.complete(database, lease, OUTCOME, LINKS),
    "fail": lambda database, lease: leases.fail(database, lease, "Too late.", LINKS),
    "hand back": lambda database, lease: leases.hand_back(database, lease),
    "lose": lambda database, lease: lost_leases.lose(database, lease, LINKS, max_attempts=1),
}


@pytest.mark.parametrize("move", LATE_MOVES.values(), ids=LATE_MOVES)
def test_who_lost_the_lease_changes_nothing(
    database: Database, move: Callable[[Database, Lease], bool]
) -> None:
    lost = claimed(database)
    lost_leases.lose(database, lost, LINKS, max_attempts=3)
    while_pending = job_row(database, lost.job.id)
    assert not move(database, lost)
    assert job_row(database, lost.job.id) == while_pending

    leases.claim(database, lost.job.id, 1, lease_seconds=15)
    while_anothers = job_row(database, lost.job.id)
    assert not move(database, lost)

    assert job_row(database, lost.job.id) == while_anothers
    assert delivery_rows(database) == []


@pytest.mark.parametrize("move", LATE_MOVES.values(), ids=LATE_MOVES)
def test_an_ended_job_stays_as_it_ended(database: Database, move: Callable[[Database, Lease], bool]) -> None:
    lease = claimed(database)
    leases.complete(database, lease, OUTCOME, LINKS)
    ended = job_row(database, lease.job.id)

    assert not move(database, lease)

    assert job_row(database, lease.job.id) == ended
    assert len(delivery_rows(database)) == 1


def test_a_completed_job_holds_its_outcome(database: Database) -> None:
    lease = claimed(database)

    assert leases.complete(database, lease, OUTCOME, LINKS)

    row = job_row(database, lease.job.id)
    assert (row.status, row.progress, row.phase) == (JobStatus.COMPLETED, 100, Phase.DONE)
    assert row.motion_made == OUTCOME.facts.motion
    assert (row.width, row.height, row.duration_seconds) == (64, 48, 1.5)
    assert row.notices == [{"code": "no_face", "message": "No face."}]
    assert (row.lease_token, row.lease_until_ms, row.eta_seconds) == (None, None, None)
    assert row.share_token


def test_an_end_writes_the_webhook_of_that_moment(database: Database) -> None:
    lease = claimed(database)

    leases.fail(database, lease, "No sound.", LINKS)

    (delivery,) = delivery_rows(database)
    assert (delivery.job_id, delivery.event, delivery.url) == (lease.job.id, "job.failed", HOOK)
    assert (delivery.status, delivery.tries) == (DeliveryStatus.PENDING, 0)
    body = json.loads(delivery.body)
    assert (body["jobId"], body["status"], body["errorMessage"]) == (lease.job.id, "FAILED", "No sound.")
    assert body["phase"] == "done"


def test_a_job_without_a_url_has_no_webhook(database: Database) -> None:
    leases.complete(database, claimed(database, webhook_url=None), OUTCOME, LINKS)

    assert delivery_rows(database) == []


def test_an_end_and_its_webhook_are_written_both_or_neither(database: Database) -> None:
    lease = claimed(database)
    with database.writing() as session:
        session.add(_delivery_in_the_way(lease))

    with pytest.raises(IntegrityError):
        leases.complete(database, lease, OUTCOME, LINKS)

    assert job_row(database, lease.job.id).status is JobStatus.PROCESSING
    assert leases.beat(database, lease, SIGN, lease_seconds=15)


def _delivery_in_the_way(lease: Lease) -> Delivery:
    return Delivery(
        id=ids.new_id(),
        job_id=lease.job.id,
        api_key_id=lease.job.api_key_id,
        event="job.failed",
        url=HOOK,
        host="hook.test",
        body=b"{}",
        status=DeliveryStatus.PENDING,
        due_at_ms=0,
        created_at_ms=0,
        updated_at_ms=0,
    )
