"""The verb that makes a job: store the files, commit the row, ring the bell."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from app import failpoints, jobs
from app.database import Database, now_ms
from app.errors import ActiveJobExists, ApiError, CommitUnknown, DatabaseUnavailable
from app.media import MediaType
from app.models import Job
from app.queues import Doorbell
from app.states import ACTIVE, JobStatus, Motion, Phase
from app.storage import Storage

#: How often an insert may collide with a job that ends before we can name it.
SUBMIT_TRIES = 3


@dataclass(frozen=True)
class NewJob:
    """What a submission becomes. The two files are where the upload left them."""

    id: str
    api_key_id: str
    image: Path
    image_type: MediaType
    audio: Path
    audio_type: MediaType
    motion: Motion
    webhook_url: str | None
    loudness_lufs: float | None = None


def submit(database: Database, storage: Storage, doorbell: Doorbell, new: NewJob) -> None:
    """Stores the files, commits the row, then rings. With Redis down, the sweeper rings later.

    Raises:
        ActiveJobExists: the key has one already; the partial unique index decides among rivals.
        DiskFull, StorageUnavailable, DatabaseUnavailable: nothing is left behind.
        CommitUnknown: the job may be there, so its files stay. If it isn't, they are orphans.
    """
    try:
        storage.put(new.image, f"{jobs.uploads_of(new.id)}/image")
        storage.put(new.audio, f"{jobs.uploads_of(new.id)}/audio")
        failpoints.reach("before_commit")
        _commit(database, new)
    except CommitUnknown:
        raise
    except ApiError:
        jobs.discard(storage, jobs.uploads_of(new.id))
        raise
    failpoints.reach("after_commit")
    if doorbell.ring(new.id, 0):
        failpoints.reach("after_ring")
        jobs.mark_rung(database, new.id, 0)


def _commit(database: Database, new: NewJob) -> None:
    try:
        _insert_among_rivals(database, new)
    except CommitUnknown:
        _insert_again(database, new)


def _insert_again(database: Database, new: NewJob) -> None:
    """The same row once more: it waits for the lost try, and collides with it if that took hold."""
    try:
        _insert_among_rivals(database, new)
    except DatabaseUnavailable as error:
        raise CommitUnknown from error


def _insert_among_rivals(database: Database, new: NewJob) -> None:
    for _ in range(SUBMIT_TRIES):
        try:
            _insert(database, new)
        except IntegrityError:
            if _is_there(database, new.id):
                return
            refuse_second(database, new.api_key_id)
        else:
            return
    raise DatabaseUnavailable


def _insert(database: Database, new: NewJob) -> None:
    with database.writing() as session:
        now = session.exec(select(now_ms())).one()
        session.add(
            Job(
                id=new.id,
                api_key_id=new.api_key_id,
                status=JobStatus.PENDING,
                motion_asked=new.motion,
                loudness_asked=new.loudness_lufs,
                webhook_url=new.webhook_url,
                image_type=new.image_type,
                audio_type=new.audio_type,
                phase=Phase.QUEUED,
                created_at_ms=now,
                updated_at_ms=now,
            )
        )


def _is_there(database: Database, job_id: str) -> bool:
    """Whether a try of ours took hold whose answer got lost."""
    with database.reading() as session:
        return session.exec(select(Job.id).where(Job.id == job_id)).first() is not None


def refuse_second(database: Database, api_key_id: str) -> None:
    """Raises ActiveJobExists, naming the job, if the key has an active one."""
    active = select(Job.id).where(Job.api_key_id == api_key_id, col(Job.status).in_(sorted(ACTIVE)))
    with database.reading() as session:
        job_id = session.exec(active).first()
    if job_id is not None:
        raise ActiveJobExists(job_id)
