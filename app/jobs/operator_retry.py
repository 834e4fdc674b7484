"""An operator's second chance for a job that failed: it is queued anew, as long as its uploads are there."""

from __future__ import annotations

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus, Phase
from app.errors import JobNotFound, StoredFileMissing
from app.errors.operator import KeyIsBusy, NotFailed, UploadsGone
from app.jobs import concurrency_limit, queries
from app.queue.queues import JobQueue
from app.storage.stores import Storage


def retry(database: Database, storage: Storage, job_queue: JobQueue, job_id: str) -> None:
    """Makes a FAILED job PENDING, with all its attempts before it.

    Its new end has a webhook of its own, which waits for that of the old one.

    Raises:
        JobNotFound, NotFailed, UploadsGone
        KeyIsBusy: its key has as many jobs as it may; the partial unique index decides.
        StorageUnavailable
    """
    job = _failed(database, job_id)
    _require_uploads(storage, job)
    generation = _queue_anew(database, job_id)
    try:
        _require_uploads(storage, job)
    except UploadsGone:
        # The sweeper took them as an ended job's, in between.
        _fail_again(database, job, generation)
        raise
    queries.enqueue(database, job_queue, job_id, generation)


def _failed(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        job = session.exec(select(Job).where(Job.id == job_id, col(Job.deleted_at_ms).is_(None))).first()
    if job is None:
        raise JobNotFound
    if job.status is not JobStatus.FAILED:
        raise NotFailed
    return job


def _require_uploads(storage: Storage, job: Job) -> None:
    try:
        for name in ("image", "audio"):
            storage.open(f"{queries.uploads_of(job.id)}/{name}").close()
    except StoredFileMissing:
        raise UploadsGone from None


def _queue_anew(database: Database, job_id: str) -> int:
    """Returns the new generation."""
    try:
        with database.writing() as session:
            return _move(session, job_id)
    except IntegrityError:
        # A submission of its key took the slot at this instant.
        raise KeyIsBusy from None


def _move(session: Session, job_id: str) -> int:
    owner = session.exec(select(Job.api_key_id).where(Job.id == job_id)).first()
    if owner is None:
        raise JobNotFound
    of_key = concurrency_limit.of_key(session, owner)
    if of_key.are_full:
        raise KeyIsBusy
    moved = (
        update(Job)
        .where(col(Job.id) == job_id, col(Job.status) == JobStatus.FAILED, col(Job.deleted_at_ms).is_(None))
        .values(**_as_new(of_key.lowest_free))
    )
    generation = session.exec(moved.returning(col(Job.generation))).scalar()
    if generation is None:
        raise NotFailed
    return int(generation)


def _fail_again(database: Database, job: Job, generation: int) -> None:
    """Takes the retry back, unless a worker has begun it: that one ends it."""
    failed = {"status": JobStatus.FAILED, "phase": Phase.DONE, "error_message": job.error_message}
    with database.writing() as session:
        session.exec(
            update(Job)
            .where(
                col(Job.id) == job.id,
                col(Job.generation) == generation,
                col(Job.status) == JobStatus.PENDING,
            )
            .values(**failed, updated_at_ms=now_ms())
        )


def _as_new(slot: int) -> dict[str, object]:
    return {
        "status": JobStatus.PENDING,
        "slot": slot,
        "phase": Phase.QUEUED,
        "progress": 0,
        "attempts": 0,
        "error_message": None,
        "generation": Job.generation + 1,
        "rung_at_ms": None,
        "deferred_since_ms": None,
        "not_before_ms": None,
        "updated_at_ms": now_ms(),
    }
