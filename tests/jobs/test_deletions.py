"""Jobs that are deleted, restored and purged, on both databases."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import event, text

from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus
from app.errors import JobNotFound, NotCancellable, NotDeleted
from app.jobs import deletions, leases, orphans, queries, retention
from app.jobs.deletions import DAY_MS, HOUR_MS, Deletion, Keeping
from app.storage.stores import Storage
from tests.support.rows import (
    KEEPING,
    LINKS,
    OUTCOME,
    add_job,
    change,
    claimed,
    deleted,
    ended,
    job_row,
    settled,
)
from tests.support.service import wait_until

SLACK_MS = 5000


@pytest.fixture
def finished(database: Database, storage: Storage, tmp_path: Path) -> str:
    """A completed job with its files."""
    return with_files(storage, tmp_path, ended(database))


def with_files(storage: Storage, folder: Path, job_id: str) -> str:
    for key in (f"{queries.uploads_of(job_id)}/image", queries.output_key(job_id, 0)):
        path = folder / "stored"
        path.write_bytes(b"bytes")
        storage.put(path, key)
    return job_id


def has_files(storage: Storage, job_id: str) -> bool:
    kept = [job_id in {folder.job_id for folder in storage.prefixes(top)} for top in ("uploads", "outputs")]
    assert kept[0] == kept[1]
    return kept[0]


def exists(database: Database, job_id: str) -> bool:
    with database.reading() as session:
        return session.get(Job, job_id) is not None


def owner_of(database: Database, job_id: str) -> str:
    return job_row(database, job_id).api_key_id


def restore(database: Database, job_id: str) -> None:
    deletions.restore(database, job_id, owner=owner_of(database, job_id))


def is_shown(database: Database, job_id: str) -> bool:
    """Whether its owner and the holders of its links see it; all of them do, or none."""
    job = job_row(database, job_id)
    listed = queries.page(database, owner=job.api_key_id, limit=1, cursor=None, status=None).jobs
    seen = {bool(listed), bool(queries.completed(database, job_id))}
    seen.add(bool(queries.shared(database, job.share_token or "")))
    (answer,) = seen
    return answer


def test_a_deleted_job_is_hidden_and_comes_back_as_it_was(
    database: Database, storage: Storage, finished: str
) -> None:
    before = job_row(database, finished).model_dump()
    assert is_shown(database, finished)

    deleted(database, storage, finished)
    assert not is_shown(database, finished)
    with pytest.raises(JobNotFound):
        queries.get(database, finished, owner=before["api_key_id"])
    restore(database, finished)

    assert is_shown(database, finished)
    assert job_row(database, finished).model_dump() == before
    assert has_files(storage, finished)


def test_its_time_is_told_and_kept(database: Database, storage: Storage, finished: str) -> None:
    deletion = deleted(database, storage, finished)

    row = job_row(database, finished)
    assert abs(deletion.deleted_at_ms - time.time() * 1000) < SLACK_MS
    assert deletion.restorable_until_ms == deletion.deleted_at_ms + 72 * HOUR_MS
    assert (row.deleted_at_ms, row.restorable_until_ms) == (
        deletion.deleted_at_ms,
        deletion.restorable_until_ms,
    )


def test_retention_may_end_before(database: Database, storage: Storage, finished: str) -> None:
    change(database, finished, updated_at_ms=now_ms() - 29 * DAY_MS)

    deletion = deleted(database, storage, finished)

    assert deletion.restorable_until_ms == job_row(database, finished).updated_at_ms + 30 * DAY_MS


def test_without_a_retention_it_ends_nothing(database: Database, storage: Storage, finished: str) -> None:
    change(database, finished, updated_at_ms=1)

    deletion = deleted(database, storage, finished, Keeping(deleted_hours=72, retention_days=0))

    assert deletion.restorable_until_ms == deletion.deleted_at_ms + 72 * HOUR_MS


def test_retention_applies_to_deleted_jobs(database: Database, storage: Storage, finished: str) -> None:
    deleted(database, storage, finished)
    change(database, finished, updated_at_ms=now_ms() - 31 * DAY_MS)

    assert retention.expire(database, storage, retention_days=30) == 1
    assert not exists(database, finished)
    assert not has_files(storage, finished)


@pytest.mark.parametrize(
    ("keeping", "permanent"), [(KEEPING, True), (Keeping(deleted_hours=0, retention_days=30), False)]
)
@pytest.mark.parametrize("before", [False, True])
def test_a_permanent_deletion_is_final(
    database: Database, storage: Storage, finished: str, keeping: Keeping, permanent: bool, before: bool
) -> None:
    if before:
        deleted(database, storage, finished)
    owner = owner_of(database, finished)

    deletion = deleted(database, storage, finished, keeping, permanent=permanent)

    assert (deletion.job_id, deletion.restorable_until_ms) == (finished, None)
    assert not exists(database, finished)
    assert not has_files(storage, finished)
    with pytest.raises(JobNotFound):
        deletions.restore(database, finished, owner=owner)


def test_what_is_deleted_is_not_deleted_again(database: Database, storage: Storage, finished: str) -> None:
    first = deleted(database, storage, finished)

    with pytest.raises(JobNotFound):
        deleted(database, storage, finished)

    assert job_row(database, finished).restorable_until_ms == first.restorable_until_ms


def test_nobody_else_deletes_or_restores(database: Database, storage: Storage, finished: str) -> None:
    other = owner_of(database, add_job(database))
    with pytest.raises(JobNotFound):
        deletions.delete(database, storage, finished, owner=other, keeping=KEEPING, permanent=True)
    deleted(database, storage, finished)

    with pytest.raises(JobNotFound):
        deletions.restore(database, finished, owner=other)
    with pytest.raises(JobNotFound):
        deletions.delete(database, storage, finished, owner=other, keeping=KEEPING, permanent=True)


@pytest.mark.parametrize("status", list(JobStatus))
def test_what_is_there_needs_no_restoring(database: Database, status: JobStatus) -> None:
    with pytest.raises(NotDeleted):
        restore(database, add_job(database, status=status))


def test_a_job_that_ends_between_the_two_looks_is_deleted(database: Database, storage: Storage) -> None:
    lease = claimed(database)
    end = once(lambda: leases.complete(database, lease, OUTCOME, LINKS))
    event.listen(database.engine, "checkin", lambda *_: end())

    deletion = deletions.delete(database, storage, lease.job.id, owner=lease.job.api_key_id, keeping=KEEPING)

    assert deletion is not None
    assert job_row(database, lease.job.id).deleted_at_ms == deletion.deleted_at_ms


def once(act: Callable[[], object]) -> Callable[[], None]:
    """Acts when it is called first; what that calls in turn doesn't count."""
    left = [act]

    def act_if_first() -> None:
        if left:
            left.pop()()

    return act_if_first


def test_a_job_at_work_is_not_deleted(database: Database, storage: Storage) -> None:
    lease = claimed(database)

    for permanent in (False, True):
        with pytest.raises(NotCancellable):
            deletions.delete(
                database,
                storage,
                lease.job.id,
                owner=lease.job.api_key_id,
                keeping=KEEPING,
                permanent=permanent,
            )


# The sweeper


def test_what_can_t_be_restored_any_more_is_purged(
    database: Database, storage: Storage, tmp_path: Path, finished: str
) -> None:
    lately = with_files(storage, tmp_path, ended(database))
    for job_id in (finished, lately):
        deleted(database, storage, job_id)
    change(database, finished, restorable_until_ms=now_ms())

    assert deletions.purge(database, storage) == 1

    assert (exists(database, finished), has_files(storage, finished)) == (False, False)
    assert (exists(database, lately), has_files(storage, lately)) == (True, True)


def test_what_waits_to_be_purged_is_not_restored(database: Database, storage: Storage, finished: str) -> None:
    deleted(database, storage, finished)
    change(database, finished, restorable_until_ms=now_ms())

    with pytest.raises(JobNotFound):
        restore(database, finished)
    assert (
        queries.page(
            database, owner=owner_of(database, finished), limit=1, cursor=None, status=None, deleted=True
        ).jobs
        == []
    )


def test_a_backlog_is_purged_in_batches(
    database: Database, storage: Storage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deletions, "PURGE_BATCH", 2)
    for _ in range(5):
        add_job(database, status=JobStatus.FAILED, deleted_at_ms=1, restorable_until_ms=2)

    assert [deletions.purge(database, storage) for _ in range(4)] == [2, 2, 1, 0]


def test_files_of_deleted_jobs_are_no_orphans(
    database: Database,
    storage: Storage,
    data_dir: Path,
    finished: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deleted(database, storage, finished)
    later = time.time() + 2 * orphans.ORPHAN_SECONDS
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: later)

    orphans.sweep_orphans(database, storage, data_dir)

    storage.open(queries.output_key(finished, 0)).close()


def test_a_restore_that_races_the_sweeper_wins_or_loses_cleanly(
    database: Database, storage: Storage, tmp_path: Path
) -> None:
    """Each job's time is over somewhere in the middle of the race."""
    job_ids = [with_files(storage, tmp_path, ended(database)) for _ in range(40)]
    owners = {job_id: owner_of(database, job_id) for job_id in job_ids}
    for number, job_id in enumerate(job_ids):
        deleted(database, storage, job_id)
        change(database, job_id, restorable_until_ms=now_ms() + 10 * number)

    with ThreadPoolExecutor(4) as rivals:
        sweeps = [rivals.submit(purged_until_idle, database, storage, set(job_ids)) for _ in range(2)]
        won = {
            job_id
            for job_id in rivals.map(lambda each: tried(database, each, owners[each]), job_ids)
            if job_id
        }
        for sweep in sweeps:
            sweep.result()

    for job_id in job_ids:
        assert exists(database, job_id) == has_files(storage, job_id) == (job_id in won)
        assert job_id not in won or is_shown(database, job_id)


def tried(database: Database, job_id: str, owner: str) -> str | None:
    """The job's id if it could be restored."""
    try:
        deletions.restore(database, job_id, owner=owner)
    except JobNotFound:
        return None
    return job_id


def purged_until_idle(database: Database, storage: Storage, job_ids: set[str]) -> None:
    """Goes on while one of them is deleted and still there."""
    deadline = time.monotonic() + 60
    while any(not settled(database, job_id) for job_id in job_ids):
        deletions.purge(database, storage)
        assert time.monotonic() < deadline


def test_a_purge_that_waits_for_a_restore_finds_nothing_to_do(
    database: Database, storage: Storage, finished: str
) -> None:
    deleted(database, storage, finished)
    change(database, finished, restorable_until_ms=now_ms() - 1)

    with ThreadPoolExecutor(1) as sweeper:
        with database.writing() as session:
            row = session.get_one(Job, finished)
            row.deleted_at_ms = row.restorable_until_ms = None
            session.flush()
            purge = sweeper.submit(deletions.purge, database, storage)
            wait_until(lambda: waits_for_the_row(database))
        assert purge.result(timeout=30) == 0

    assert exists(database, finished)
    assert has_files(storage, finished)


def waits_for_the_row(database: Database) -> bool:
    """Whether somebody does; on SQLite one waits for the whole file, before any statement."""
    if database.engine.dialect.name == "sqlite":
        return True
    waiting = text(
        "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    with database.engine.connect() as connection:
        return connection.execute(waiting).first() is not None


def test_two_deletions_at_one_instant_are_one(database: Database, storage: Storage, finished: str) -> None:
    owner = owner_of(database, finished)

    def delete(_number: int) -> Deletion | None:
        try:
            return deletions.delete(database, storage, finished, owner=owner, keeping=KEEPING)
        except JobNotFound:
            return None

    with ThreadPoolExecutor(4) as rivals:
        assert len([each for each in rivals.map(delete, range(4)) if each]) == 1
