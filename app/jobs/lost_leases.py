"""Jobs whose attempt came to nothing: their worker is lost, or the service was ill. They go back, or end.

As in `leases`, each move is one conditional UPDATE, fenced by the token of the lease.
"""

from __future__ import annotations

import structlog
from sqlalchemy import Update
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, select

from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus
from app.jobs.leases import Lease, end, failure, held, put_back
from app.keys.usage import NO_EFFORT, CpuTime
from app.schemas.jobs import Links

log = structlog.get_logger(__name__)

GAVE_UP = (
    "The video could not be made: the service broke off {attempts} times while working on it. "
    "The files may need more memory or time than it has."
)
SERVICE_ILL = (
    "The video could not be made: the service has been out of order for a day. "
    "Nothing is wrong with the files; send them again later."
)
#: A deferred job waits half as long as it has been deferred already, within these.
MIN_DEFERRAL_MS, MAX_DEFERRAL_MS = 2_000, 60_000
#: So long after the first deferral the job is given up.
MAX_DEFERRED_MS = 24 * 3_600_000


def defer(database: Database, lease: Lease, links: Links, effort: CpuTime = NO_EFFORT) -> bool:
    """Puts the job back for a while without counting the attempt: the service was ill, and not the job.

    The longer that lasts, the longer it waits; after a day it ends FAILED. False when the lease is lost.
    """
    with database.writing() as session:
        now = session.exec(select(now_ms())).one()
        since = lease.job.deferred_since_ms or now
        if now - since > MAX_DEFERRED_MS:
            return end(session, held(lease), failure(SERVICE_ILL), links, effort)
        wait_ms = min(max(MIN_DEFERRAL_MS, (now - since) // 2), MAX_DEFERRAL_MS)
        deferred = {"attempts": Job.attempts - 1, "deferred_since_ms": since, "not_before_ms": now + wait_ms}
        return put_back(session, held(lease).values(**deferred), effort)


def lose(
    database: Database, lease: Lease, links: Links, effort: CpuTime = NO_EFFORT, *, max_attempts: int
) -> bool:
    """Puts the job back, or gives it up after `max_attempts`; False when the lease is lost."""
    with database.writing() as session:
        return _lose(session, held(lease), lease.job.attempts, links, effort, max_attempts)


def lose_dead(
    database: Database,
    job_id: str,
    generation: int,
    links: Links,
    effort: CpuTime = NO_EFFORT,
    *,
    max_attempts: int,
) -> bool:
    """Does `lose` for a worker known to be dead; False when it held nothing."""
    with database.writing() as session:
        found = session.exec(
            select(Job).where(
                Job.id == job_id, Job.generation == generation, Job.status == JobStatus.PROCESSING
            )
        ).first()
        if found is None or found.lease_token is None:
            return False
        lease = Lease(found, found.lease_token)
        return _lose(session, held(lease), found.attempts, links, effort, max_attempts)


def reclaim_expired(database: Database, links: Links, *, max_attempts: int, limit: int = 100) -> int:
    """Does `lose` for every job whose worker stopped beating. Returns how many were put back or given up.

    What those workers spent is not known to anybody.
    """
    expired = select(Job).where(Job.status == JobStatus.PROCESSING, col(Job.lease_until_ms) < now_ms())
    with database.reading() as session:
        found = session.exec(expired.limit(limit)).all()
    return sum(_reclaim_safely(database, job, links, max_attempts) for job in found)


def _reclaim_safely(database: Database, job: Job, links: Links, max_attempts: int) -> bool:
    """One job that can't be taken back keeps no other from it."""
    try:
        return _reclaim(database, job, links, max_attempts)
    except SQLAlchemyError:
        log.exception("job not taken back", job_id=job.id)
        return False


def _reclaim(database: Database, job: Job, links: Links, max_attempts: int) -> bool:
    still_expired = held(Lease(job, job.lease_token or "")).where(col(Job.lease_until_ms) < now_ms())
    with database.writing() as session:
        return _lose(session, still_expired, job.attempts, links, NO_EFFORT, max_attempts)


def _lose(
    session: Session, moved: Update, attempts: int, links: Links, effort: CpuTime, max_attempts: int
) -> bool:
    if attempts >= max_attempts:
        return end(session, moved, failure(GAVE_UP.format(attempts=attempts)), links, effort)
    return put_back(session, moved.values(retries=Job.retries + 1), effort)
