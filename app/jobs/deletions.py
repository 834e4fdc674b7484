"""Deletion of ended jobs: soft, so that the owner can restore them for a while, or permanent.

A soft-deleted job keeps its row and its files, and is hidden wherever jobs are looked for. Each move is one
conditional statement: of a restore and a purge at the same instant, one finds nothing left to do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, update
from sqlalchemy import delete as delete_rows
from sqlmodel import Session, col, select

from app.config.settings import Settings
from app.core import failpoints
from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import TERMINAL
from app.errors import NotCancellable, NotDeleted
from app.jobs import queries
from app.storage.stores import Storage

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
PURGE_BATCH = 100


@dataclass(frozen=True)
class Keeping:
    """How long a deleted job is kept, and any ended one; 0 days: for ever."""

    deleted_hours: int
    retention_days: int

    @classmethod
    def of(cls, settings: Settings) -> Keeping:
        return cls(settings.deleted_keep_hours, settings.retention_days)


@dataclass(frozen=True)
class Deletion:
    """A job that is deleted. `restorable_until_ms` is None where it is gone for good."""

    job_id: str
    deleted_at_ms: int
    restorable_until_ms: int | None


def delete(
    database: Database,
    storage: Storage,
    job_id: str,
    *,
    owner: str,
    keeping: Keeping,
    permanent: bool = False,
) -> Deletion | None:
    """Deletes an ended job; None: it was pending, and is cancelled instead.

    With `permanent`, or if nothing deleted is kept, row and files go now, also those of a soft-deleted job.

    Raises:
        JobNotFound, NotCancellable, StorageUnavailable
    """
    final = permanent or keeping.deleted_hours == 0
    deletion = _delete_ended(database, storage, job_id, owner, keeping, final=final)
    if deletion:
        return deletion
    try:
        queries.cancel(database, storage, job_id, owner=owner)
    except NotCancellable:
        # It may have ended since the first look.
        deletion = _delete_ended(database, storage, job_id, owner, keeping, final=final)
        if deletion is None:
            raise
    return deletion


def restore(database: Database, job_id: str, *, owner: str) -> None:
    """Brings a soft-deleted job back as it was.

    Raises:
        JobNotFound: there is none, or its time is over.
        NotDeleted: it is there.
    """
    with database.writing() as session:
        restored = session.exec(
            update(Job)
            .where(col(Job.id) == job_id, col(Job.api_key_id) == owner, queries.is_restorable())
            .values(deleted_at_ms=None, restorable_until_ms=None)
        )
    if restored.rowcount == 0:
        queries.get(database, job_id, owner=owner)
        raise NotDeleted


def purge(database: Database, storage: Storage) -> int:
    """Removes up to PURGE_BATCH soft-deleted jobs whose time is over: rows first, then files.

    Returns how many.
    """
    is_over = and_(col(Job.deleted_at_ms).is_not(None), col(Job.restorable_until_ms) <= now_ms())
    batch = select(Job.id).where(is_over).limit(PURGE_BATCH)
    with database.writing() as session:
        # The condition stands twice: whoever was restored while the statement waited for the row stays.
        purged = session.exec(
            delete_rows(Job).where(col(Job.id).in_(batch), is_over).returning(col(Job.id))
        ).scalars()
        job_ids = list(purged)
    for job_id in job_ids:
        queries.discard_all(storage, job_id)
    return len(job_ids)


def _delete_ended(
    database: Database, storage: Storage, job_id: str, owner: str, keeping: Keeping, *, final: bool
) -> Deletion | None:
    """None where there is no such ended job."""
    is_it = and_(col(Job.id) == job_id, col(Job.api_key_id) == owner, col(Job.status).in_(sorted(TERMINAL)))
    with database.writing() as session:
        deletion = _remove(session, is_it) if final else _hide(session, is_it, keeping)
    if deletion and final:
        failpoints.reach("after_delete")
        queries.discard_all(storage, job_id)
    return deletion


def _remove(session: Session, is_it: ColumnElement[bool]) -> Deletion | None:
    found = session.exec(delete_rows(Job).where(is_it).returning(col(Job.id), now_ms())).first()
    return Deletion(found[0], found[1], None) if found else None


def _hide(session: Session, is_it: ColumnElement[bool], keeping: Keeping) -> Deletion | None:
    now = session.exec(select(now_ms())).one()
    hidden = (
        update(Job)
        .where(is_it, col(Job.deleted_at_ms).is_(None))
        .values(deleted_at_ms=now, restorable_until_ms=_restorable_until(now, keeping))
        .returning(col(Job.id), col(Job.deleted_at_ms), col(Job.restorable_until_ms))
    )
    found = session.exec(hidden).first()
    return Deletion(*found) if found else None


def _restorable_until(deleted_at_ms: int, keeping: Keeping) -> Any:
    """The earlier one of two ends: that of what is deleted, and that of whatever has ended."""
    kept_until = deleted_at_ms + keeping.deleted_hours * HOUR_MS
    if keeping.retention_days == 0:
        return kept_until
    retained_until = col(Job.updated_at_ms) + keeping.retention_days * DAY_MS
    return case((retained_until < kept_until, retained_until), else_=kept_until)
