"""How far a job has come, as one word: whoever knows the word knows whether there is news."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import ColumnElement, and_
from sqlmodel import col, select

from app.database.database import Database
from app.database.models import ApiKey, Job


@dataclass(frozen=True)
class JobVersion:
    """What a look at a job from afar tells: its mark, and whether its key was revoked."""

    mark: str
    is_revoked: bool


def of(job: Job) -> str:
    """The job's mark: another one with every change that its owner can see.

    Generation, attempts and progress come before the time, so that it doesn't go back to an earlier one
    even if the database's clock is set back.
    """
    return _word(job.generation, job.attempts, job.progress, job.updated_at_ms)


def seen(database: Database, job_ids: Collection[str]) -> dict[str, JobVersion]:
    """The sight of each of these jobs that is there, in one query."""
    query = (
        sqlalchemy.select(
            col(Job.id),
            col(Job.generation),
            col(Job.attempts),
            col(Job.progress),
            col(Job.updated_at_ms),
            col(ApiKey.revoked_at_ms),
        )
        .join(ApiKey, col(ApiKey.id) == col(Job.api_key_id))
        .where(_are_there(job_ids))
    )
    with database.reading() as session:
        rows = session.connection().execute(query).all()
    return {job_id: JobVersion(_word(*place), revoked is not None) for job_id, *place, revoked in rows}


def jobs(database: Database, job_ids: Collection[str]) -> Mapping[str, Job]:
    """The rows of those of these jobs that are there."""
    with database.reading() as session:
        return {job.id: job for job in session.exec(select(Job).where(_are_there(job_ids)))}


def _are_there(job_ids: Collection[str]) -> ColumnElement[bool]:
    return and_(col(Job.id).in_(job_ids), col(Job.deleted_at_ms).is_(None))


def _word(*place: int) -> str:
    return "-".join(map(str, place))
