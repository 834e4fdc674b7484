"""What an owner can do with a job: look, page, cancel.

`submissions` makes it, `deletions` removes it, and workers' verbs are in `leases`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy
import structlog
from sqlalchemy import BigInteger, ColumnElement, Integer, String, and_, bindparam, tuple_, update
from sqlmodel import col, select

from app.core import pagination
from app.core.pagination import Cursor
from app.database.database import Database, now_ms
from app.database.models import Job
from app.database.row_queries import Lookup, instances_of
from app.domain.options import RenderOptions
from app.domain.states import JobStatus, Phase
from app.errors import JobNotFound, NotCancellable, StorageUnavailable
from app.jobs import segments
from app.keys import usage
from app.queue.queues import JobQueue
from app.schemas.listed_job import ListedJob
from app.storage.stores import Storage

log = structlog.get_logger(__name__)

_OWN = Lookup(
    select(Job).where(
        col(Job.id) == bindparam("job_id"),
        col(Job.api_key_id) == bindparam("owner"),
        col(Job.deleted_at_ms).is_(None),
    ),
    instances_of(Job),
)
_LISTED = [getattr(Job, name) for name in ListedJob._fields]


@dataclass(frozen=True)
class Page:
    """Jobs, newest first, and the cursor of the next page if there is one."""

    jobs: Sequence[ListedJob]
    next_cursor: str | None


def options_of(job: Job) -> RenderOptions:
    """What was asked for."""
    if job.options is None:
        return RenderOptions(motion=job.motion_asked, loudness=job.loudness_asked)
    return RenderOptions.model_validate(job.options)


def uploads_of(job_id: str) -> str:
    """Storage prefix of a job's uploads."""
    return f"uploads/{job_id}"


def outputs_of(job_id: str) -> str:
    """Storage prefix of a job's outputs."""
    return f"outputs/{job_id}"


def output_key(job_id: str, generation: int) -> str:
    """Where an attempt stores its video: one claim a generation, so that none overwrites another's."""
    return f"{outputs_of(job_id)}/{generation}.mp4"


def poster_key(job_id: str, generation: int) -> str:
    """Where an attempt stores the picture that is shown before its video plays."""
    return f"{outputs_of(job_id)}/{generation}.jpg"


def enqueue(database: Database, job_queue: JobQueue, job_id: str, generation: int) -> bool:
    """Tells Redis of a pending job, and notes that; False while Redis is down: the sweeper does it later."""
    is_queued = job_queue.enqueue(job_id, generation)
    if is_queued:
        mark_rung(database, job_id, generation)
    return is_queued


def mark_rung(database: Database, job_id: str, generation: int) -> None:
    """Notes that Redis has been told."""
    with database.writing() as session:
        session.exec(
            update(Job)
            .where(col(Job.id) == job_id, col(Job.generation) == generation)
            .values(rung_at_ms=now_ms())
        )


def get(database: Database, job_id: str, *, owner: str) -> Job:
    """The only getter for owners: not yours is not found, and deleted is not, either.

    Raises:
        JobNotFound
    """
    found = database.look_up(_OWN, job_id=job_id, owner=owner)
    if not found:
        raise JobNotFound
    return found[0]


def page(
    database: Database,
    *,
    owner: str,
    limit: int,
    cursor: str | None,
    status: JobStatus | None,
    deleted: bool = False,
) -> Page:
    """One page of the owner's jobs, newest first, by keyset: deep pages cost what the first does.

    With `deleted`, of those instead that are deleted and can be restored.

    Raises:
        InvalidCursor
    """
    values: dict[str, Any] = {"owner": owner, "rows": limit + 1}
    if status is not None:
        values["status"] = status.value
    if cursor is not None:
        after = pagination.decode(cursor)
        values.update(created_at_ms=after.created_at_ms, job_id=after.row_id)
    found = database.look_up(_page(status is not None, cursor is not None, deleted), **values)
    return Page(found[:limit], _cursor_after(found, limit))


@cache
def _page(with_status: bool, with_cursor: bool, deleted: bool) -> Lookup[ListedJob]:
    query = sqlalchemy.select(*_LISTED).where(col(Job.api_key_id) == bindparam("owner"))
    query = query.where(is_restorable() if deleted else col(Job.deleted_at_ms).is_(None))
    if with_status:
        query = query.where(col(Job.status) == bindparam("status"))
    if with_cursor:
        after = tuple_(bindparam("created_at_ms", type_=BigInteger), bindparam("job_id", type_=String))
        query = query.where(tuple_(col(Job.created_at_ms), col(Job.id)) < after)
    query = query.order_by(col(Job.created_at_ms).desc(), col(Job.id).desc())
    return Lookup(query.limit(bindparam("rows", type_=Integer)), ListedJob._make)


def _cursor_after(found: Sequence[ListedJob], limit: int) -> str | None:
    if len(found) <= limit:
        return None
    last = found[limit - 1]
    return pagination.encode(Cursor(last.created_at_ms, last.id))


def cancel(database: Database, storage: Storage, job_id: str, *, owner: str) -> None:
    """Withdraws a pending job. Against a worker's claim, exactly one of the two wins.

    Raises:
        JobNotFound, NotCancellable, StorageUnavailable
    """
    with database.writing() as session:
        cancelled_at_ms = session.exec(
            update(Job)
            .where(col(Job.id) == job_id, col(Job.api_key_id) == owner, col(Job.status) == JobStatus.PENDING)
            .values(status=JobStatus.CANCELLED, phase=Phase.DONE, updated_at_ms=now_ms())
            .returning(col(Job.updated_at_ms))
        ).scalar()
        if cancelled_at_ms is not None:
            segments.forget(session, job_id)
            usage.cancelled(session, owner, cancelled_at_ms)
    if cancelled_at_ms is None:
        get(database, job_id, owner=owner)
        raise NotCancellable
    discard(storage, uploads_of(job_id), segments.files_of(job_id))


def discard_all(storage: Storage, job_id: str) -> None:
    """Removes all files of a job."""
    discard(storage, uploads_of(job_id), segments.files_of(job_id), outputs_of(job_id))


def discard(storage: Storage, *prefixes: str) -> None:
    """Deletes files that no row needs any more. What can't be reached now, the sweeper finds later."""
    try:
        for prefix in prefixes:
            storage.delete(prefix)
    except StorageUnavailable:
        log.warning("files left to the sweeper", prefixes=prefixes)


def completed(database: Database, job_id: str) -> Job | None:
    """A completed job by its id, for the holder of a signed address."""
    with database.reading() as session:
        return session.exec(select(Job).where(Job.id == job_id, _is_shown())).first()


def shared(database: Database, share_token: str) -> Job | None:
    """A completed job by its share token."""
    with database.reading() as session:
        return session.exec(select(Job).where(Job.share_token == share_token, _is_shown())).first()


def is_restorable() -> ColumnElement[bool]:
    """Whether a job is soft-deleted, and its time isn't over."""
    return and_(col(Job.deleted_at_ms).is_not(None), col(Job.restorable_until_ms) > now_ms())


def _is_shown() -> ColumnElement[bool]:
    return and_(col(Job.status) == JobStatus.COMPLETED, col(Job.deleted_at_ms).is_(None))
