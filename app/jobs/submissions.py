"""The verb that makes a job: store the files, commit the row, queue it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from app.core import failpoints
from app.database.database import Database, now_ms
from app.database.models import ApiKey, Job
from app.domain.options import RenderOptions
from app.domain.states import JobStatus, Phase
from app.errors import ActiveJobExists, ApiError, CommitUnknown, DatabaseUnavailable
from app.jobs import concurrency_limit, idempotency, queries
from app.jobs.idempotency import Claim
from app.keys import usage
from app.keys.api_keys import MAX_ACTIVE_JOBS
from app.media.media_types import MediaType
from app.queue.queues import JobQueue
from app.storage.stores import Storage

#: How often an insert may collide: with a rival on each of the key's slots, and with jobs that end before we
#: can name them.
SUBMIT_TRIES = MAX_ACTIVE_JOBS + 3


@dataclass(frozen=True)
class NewJob:
    """What a submission becomes. The two files are where the upload left them."""

    id: str
    api_key_id: str
    image: Path
    image_type: MediaType
    audio: Path
    audio_type: MediaType
    #: Of both files.
    size_bytes: int
    options: RenderOptions
    webhook_url: str | None
    claim: Claim | None = None
    monthly_quota_seconds: int | None = None


@dataclass(frozen=True)
class Accepted:
    """The job that a submission came to: a new one, or the one that it made when it came before."""

    job_id: str
    is_replay: bool


def submit(database: Database, storage: Storage, job_queue: JobQueue, new: NewJob) -> Accepted:
    """Stores the files, commits the row, then queues it. With Redis down, the sweeper queues it later.

    What came before under its idempotency key is left at that.

    Raises:
        ActiveJobExists: the key has as many as it may; the partial unique index decides among rivals.
        IdempotencyKeyReused: something else came under this one before.
        QuotaExceeded: another job of the key has used the quota up, while this one came in.
        DiskFull, StorageUnavailable, DatabaseUnavailable: nothing is left behind.
        CommitUnknown: the job may be there, so its files stay. If it isn't, they are orphans.
    """
    job_id = _made_before(database, new) or _store_and_commit(database, storage, new)
    if job_id != new.id:
        return Accepted(job_id, is_replay=True)
    failpoints.reach("after_commit")
    if job_queue.enqueue(new.id, 0):
        failpoints.reach("after_ring")
        queries.mark_rung(database, new.id, 0)
    return Accepted(new.id, is_replay=False)


def _made_before(database: Database, new: NewJob) -> str | None:
    return idempotency.first_job(database, new.api_key_id, new.claim) if new.claim else None


def _store_and_commit(database: Database, storage: Storage, new: NewJob) -> str:
    try:
        storage.put(new.image, f"{queries.uploads_of(new.id)}/image")
        storage.put(new.audio, f"{queries.uploads_of(new.id)}/audio")
        failpoints.reach("before_commit")
        job_id = _commit(database, new)
    except CommitUnknown:
        raise
    except ApiError:
        queries.discard(storage, queries.uploads_of(new.id))
        raise
    if job_id != new.id:
        queries.discard(storage, queries.uploads_of(new.id))
    return job_id


def _commit(database: Database, new: NewJob) -> str:
    try:
        return _insert_among_rivals(database, new)
    except CommitUnknown:
        return _insert_again(database, new)


def _insert_again(database: Database, new: NewJob) -> str:
    """The same row once more: it waits for the lost try, and collides with it if that took hold."""
    try:
        return _insert_among_rivals(database, new)
    except DatabaseUnavailable as error:
        raise CommitUnknown from error


def _insert_among_rivals(database: Database, new: NewJob) -> str:
    """Returns the new job's id, or that of the one that a rival has made of the same submission."""
    for _ in range(SUBMIT_TRIES):
        if _insert(database, new) or _is_there(database, new.id):
            return new.id
        # In this order: a rival that is in by the first look has its key there by the second.
        refusal = _refusal_if_full(database, new.api_key_id)
        if first := _made_before(database, new):
            return first
        if refusal:
            raise refusal
    raise DatabaseUnavailable


def _insert(database: Database, new: NewJob) -> bool:
    """Writes the job into the lowest free slot; False if there was none, or a rival was faster."""
    try:
        with database.writing() as session:
            of_key = concurrency_limit.of_key(session, new.api_key_id)
            if not of_key.are_full:
                _add(session, new, of_key.lowest_free)
    except IntegrityError:
        return False
    return not of_key.are_full


def _add(session: Session, new: NewJob, slot: int) -> None:
    now = session.exec(select(now_ms())).one()
    if new.monthly_quota_seconds is not None:
        usage.require_quota(session, new.api_key_id, new.monthly_quota_seconds, now)
    job = _row(new, slot, now)
    session.add(job)
    usage.submitted(session, job, bytes_in=new.size_bytes)
    if new.claim:
        idempotency.record(session, new.api_key_id, new.claim, new.id, now)


def _row(new: NewJob, slot: int, now: int) -> Job:
    return Job(
        id=new.id,
        api_key_id=new.api_key_id,
        slot=slot,
        status=JobStatus.PENDING,
        options=new.options.model_dump(mode="json", by_alias=True),
        motion_asked=new.options.motion,
        loudness_asked=new.options.loudness,
        webhook_url=new.webhook_url,
        image_type=new.image_type,
        audio_type=new.audio_type,
        phase=Phase.QUEUED,
        created_at_ms=now,
        updated_at_ms=now,
    )


def _is_there(database: Database, job_id: str) -> bool:
    """Whether a try of ours took hold whose answer got lost."""
    with database.reading() as session:
        return session.exec(select(Job.id).where(Job.id == job_id)).first() is not None


def refuse_one_more(database: Database, key: ApiKey, idempotency_key: str | None) -> None:
    """Looks whether the key may have another job, before anybody reads what it sends.

    A submission that was accepted before may come again all the same.

    Raises:
        ActiveJobExists: naming the oldest of them.
        QuotaExceeded: the month's seconds are used up.
    """
    refusal = _refusal_if_full(database, key.id) or usage.refusal_beyond_quota(database, key)
    if refusal and not (idempotency_key and idempotency.is_known(database, key.id, idempotency_key)):
        raise refusal


def _refusal_if_full(database: Database, api_key_id: str) -> ActiveJobExists | None:
    with database.reading() as session:
        of_key = concurrency_limit.of_key(session, api_key_id)
    return ActiveJobExists(of_key.job_ids[0], len(of_key.job_ids)) if of_key.are_full else None
