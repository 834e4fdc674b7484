"""What the sweeper does, on both databases."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from app.core import clock, ids
from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus
from app.jobs import leases, orphans, queries, requeue, retention
from app.jobs.requeue import Requeue
from app.queue.queues import JobQueue, bell_id, impatient_redis
from app.storage.stores import Storage
from tests.support.rows import (
    LINKS,
    OUTCOME,
    add_job,
    change,
    change_delivery,
    claimed,
    delivery_rows,
    job_row,
)
from tests.support.servers import Valkey

LONG_AGO_MS = 31 * retention.DAY_MS
HOUR_SECONDS = 3600


def forget(valkey: Valkey) -> None:
    """What Redis held is lost."""
    with impatient_redis(valkey.url) as redis:
        redis.flushdb()


def exists(database: Database, job_id: str) -> bool:
    with database.reading() as session:
        return session.get(Job, job_id) is not None


def store(storage: Storage, folder: Path, key: str) -> None:
    path = folder / "stored"
    path.write_bytes(b"bytes")
    storage.put(path, key)


def stored(storage: Storage, top: str) -> set[str]:
    return {folder.job_id for folder in storage.prefixes(top)}


# Bells


def test_a_job_redis_hasn_t_heard_of_is_rung_for_once(database: Database, job_queue: JobQueue) -> None:
    job_id = add_job(database)

    assert [Requeue(database, job_queue).run_once() for _ in range(2)] == [1, 0]
    assert job_queue.waiting() == frozenset({bell_id(job_id, 0)})
    assert job_row(database, job_id).rung_at_ms is not None


def test_a_forgotten_bell_is_rung_again_under_a_new_generation(
    database: Database, job_queue: JobQueue, valkey_server: Valkey
) -> None:
    job_id = add_job(database)
    Requeue(database, job_queue).run_once()
    forget(valkey_server)
    change(database, job_id, rung_at_ms=now_ms() - 6000)

    assert Requeue(database, job_queue).run_once() == 1

    assert job_queue.waiting() == frozenset({bell_id(job_id, 1)})
    assert leases.claim(database, job_id, 0, lease_seconds=15) is None
    assert leases.claim(database, job_id, 1, lease_seconds=15) is not None


def test_a_bell_just_rung_is_given_time_to_be_heard(
    database: Database, job_queue: JobQueue, valkey_server: Valkey
) -> None:
    job_id = add_job(database)
    Requeue(database, job_queue).run_once()
    forget(valkey_server)

    assert Requeue(database, job_queue).run_once() == 0
    assert job_row(database, job_id).generation == 0


def test_a_bell_that_still_waits_is_left_alone(database: Database, job_queue: JobQueue) -> None:
    job_id = add_job(database)
    Requeue(database, job_queue).run_once()
    change(database, job_id, rung_at_ms=now_ms() - 3_600_000)

    assert Requeue(database, job_queue).run_once() == 0
    assert job_row(database, job_id).generation == 0


@pytest.mark.parametrize("status", [status for status in JobStatus if status is not JobStatus.PENDING])
def test_nobody_rings_for_what_isn_t_pending(
    database: Database, job_queue: JobQueue, status: JobStatus
) -> None:
    add_job(database, status=status)
    add_job(database, status=status, rung_at_ms=1)

    assert Requeue(database, job_queue).run_once() == 0
    assert job_queue.waiting() == frozenset()


def test_with_redis_down_the_ringing_waits(database: Database) -> None:
    unheard, forgotten = add_job(database), add_job(database, rung_at_ms=1)
    nobody = JobQueue("unix:///nowhere/valkey.sock")

    assert Requeue(database, nobody).run_once() == 0
    assert job_row(database, unheard).rung_at_ms is None
    assert job_row(database, forgotten).generation == 0


def test_in_a_long_queue_the_last_forgotten_one_is_found(
    database: Database, job_queue: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requeue, "LATE_BATCH", 2)
    long_ago = now_ms() - 6000
    waiting = [add_job(database, rung_at_ms=long_ago) for _ in range(5)]
    forgotten = max(waiting)
    for job_id in waiting:
        if job_id != forgotten:
            job_queue.enqueue(job_id, 0)
    rounds = Requeue(database, job_queue)

    assert [rounds.run_once() for _ in range(3)] == [0, 0, 1]
    assert bell_id(forgotten, 1) in (job_queue.waiting() or ())


# Retention


def test_what_ended_long_ago_goes_with_its_files(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    old = add_job(database, status=JobStatus.COMPLETED, updated_at_ms=now_ms() - LONG_AGO_MS)
    for key in (f"{queries.uploads_of(old)}/image", queries.output_key(old, 0)):
        store(storage, tmp_path, key)

    assert retention.expire(database, storage, retention_days=30) == 1

    assert not exists(database, old)
    assert (stored(storage, "uploads"), stored(storage, "outputs")) == (set(), set())


def test_what_is_active_or_young_stays(database: Database, storage: Storage) -> None:
    long_ago = now_ms() - LONG_AGO_MS
    staying = [
        add_job(database, status=JobStatus.PENDING, updated_at_ms=long_ago),
        add_job(database, status=JobStatus.PROCESSING, updated_at_ms=long_ago),
        add_job(database, status=JobStatus.FAILED, updated_at_ms=now_ms() - 29 * retention.DAY_MS),
    ]

    assert retention.expire(database, storage, retention_days=30) == 0
    assert all(exists(database, job_id) for job_id in staying)


def test_a_retention_of_0_keeps_everything(database: Database, storage: Storage) -> None:
    old = add_job(database, status=JobStatus.FAILED, updated_at_ms=1)

    assert retention.expire(database, storage, retention_days=0) == 0
    assert exists(database, old)


def test_a_backlog_goes_in_batches(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        add_job(database, status=JobStatus.CANCELLED, updated_at_ms=1)

    assert [retention.expire(database, storage, retention_days=30) for _ in range(4)] == [2, 2, 1, 0]


def test_old_deliveries_go_unless_they_are_still_to_be_made(database: Database, storage: Storage) -> None:
    for _ in range(2):
        leases.complete(database, claimed(database), OUTCOME, LINKS)
    told, to_be_told = delivery_rows(database)
    change_delivery(database, told.id, status="DELIVERED", updated_at_ms=1)
    change_delivery(database, to_be_told.id, updated_at_ms=1)

    retention.expire(database, storage, retention_days=30)

    assert [row.id for row in delivery_rows(database)] == [to_be_told.id]


def test_more_old_deliveries_than_a_batch_go_one_batch_after_the_other(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    for _ in range(5):
        leases.complete(database, claimed(database), OUTCOME, LINKS)
    for delivery in delivery_rows(database):
        change_delivery(database, delivery.id, status="DELIVERED", updated_at_ms=1)

    assert [retention.expire(database, storage, retention_days=30) for _ in range(4)] == [2, 2, 1, 0]


# Orphans


def test_uploads_of_no_active_job_are_orphans(
    database: Database, storage: Storage, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    active, ended = add_job(database), add_job(database, status=JobStatus.FAILED)
    for job_id in (active, ended, "n" * 24):
        store(storage, tmp_path, f"{queries.uploads_of(job_id)}/image")
    _let_time_pass(monkeypatch)

    assert orphans.sweep_orphans(database, storage, data_dir) == 2
    assert stored(storage, "uploads") == {active}


def test_uploads_of_a_failed_job_are_kept_as_long_as_it_may_be_tried_again(
    database: Database, storage: Storage, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lately, long_ago = (add_job(database, status=JobStatus.FAILED) for _ in range(2))
    change(database, long_ago, updated_at_ms=now_ms() - 25 * retention.HOUR_MS)
    for job_id in (lately, long_ago):
        store(storage, tmp_path, f"{queries.uploads_of(job_id)}/image")
    _let_time_pass(monkeypatch)

    assert orphans.sweep_orphans(database, storage, data_dir, keep_failed_uploads_hours=24) == 1
    assert stored(storage, "uploads") == {lately}


def test_outputs_are_kept_while_they_may_be_played_or_written(
    database: Database, storage: Storage, data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work, done = claimed(database).job.id, add_job(database, status=JobStatus.COMPLETED)
    cancelled = add_job(database, status=JobStatus.CANCELLED)
    for job_id in (at_work, done, cancelled, "n" * 24):
        store(storage, tmp_path, queries.output_key(job_id, 0))
    _let_time_pass(monkeypatch)

    assert orphans.sweep_orphans(database, storage, data_dir) == 2
    assert stored(storage, "outputs") == {at_work, done}


def test_young_files_may_be_about_to_get_their_row(
    database: Database, storage: Storage, data_dir: Path, tmp_path: Path
) -> None:
    store(storage, tmp_path, f"{queries.uploads_of('n' * 24)}/image")
    (retention.incoming_of(data_dir) / "n").mkdir(parents=True)

    assert orphans.sweep_orphans(database, storage, data_dir) == 0
    assert stored(storage, "uploads") == {"n" * 24}


def test_an_upload_that_broke_off_long_ago_goes(database: Database, storage: Storage, data_dir: Path) -> None:
    old, young = (retention.incoming_of(data_dir) / name for name in (ids.new_id(), ids.new_id()))
    for folder in (old, young):
        folder.mkdir(parents=True)
        (folder / "image").write_bytes(b"half a picture")
    long_ago = clock.now_seconds() - 2 * HOUR_SECONDS
    os.utime(old, (long_ago, long_ago))

    assert orphans.sweep_orphans(database, storage, data_dir) == 1
    assert (old.exists(), young.exists()) == (False, True)


def test_the_folder_of_an_attempt_goes_once_nobody_is_at_work_in_it(
    database: Database, storage: Storage, data_dir: Path
) -> None:
    lease = claimed(database)
    current, former = (
        retention.work_of(data_dir) / f"{lease.job.id}-{token}" for token in (lease.token, ids.new_id())
    )
    for folder in (current, former):
        folder.mkdir(parents=True)

    assert orphans.sweep_orphans(database, storage, data_dir) == 1
    assert (current.exists(), former.exists()) == (True, False)


def test_a_fresh_installation_has_no_orphans(database: Database, storage: Storage, data_dir: Path) -> None:
    assert orphans.sweep_orphans(database, storage, data_dir) == 0


def _let_time_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now_seconds() + 2 * HOUR_SECONDS
    monkeypatch.setattr(clock, "now_seconds", lambda: later)
