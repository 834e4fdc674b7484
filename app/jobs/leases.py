"""What a worker does with a job: claim, beat, and end it, all fenced by the token of its lease.

Every move is one conditional UPDATE and a look at what it hit. Whoever's token no longer matches has lost the
job and changes nothing.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Update, or_, update
from sqlmodel import Session, col

from app.core import ids
from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus, Phase
from app.domain.video_facts import VideoFacts
from app.jobs import segments
from app.keys import usage
from app.keys.usage import NO_EFFORT, CpuTime
from app.schemas.jobs import Links
from app.webhooks import deliveries


@dataclass(frozen=True)
class Lease:
    """A worker's hold on a job. `job` is the row as it was claimed."""

    job: Job
    token: str


@dataclass(frozen=True)
class Beat:
    """What a worker tells with a sign of life."""

    phase: Phase
    progress: int
    eta_seconds: int | None


@dataclass(frozen=True)
class Outcome:
    """A finished video, stored under `jobs.output_key` of the leased job."""

    facts: VideoFacts
    video_bytes: int


def claim(database: Database, job_id: str, generation: int, *, lease_seconds: float) -> Lease | None:
    """Takes a pending job; None when the message was stale, doubled, or the job was cancelled."""
    token = ids.new_id()
    taken = (
        update(Job)
        .where(
            col(Job.id) == job_id,
            col(Job.generation) == generation,
            col(Job.status) == JobStatus.PENDING,
            is_due(),
        )
        .values(
            status=JobStatus.PROCESSING,
            phase=Phase.FETCHING,
            attempts=Job.attempts + 1,
            lease_token=token,
            lease_until_ms=_lease_end(lease_seconds),
            updated_at_ms=now_ms(),
        )
    )
    with database.writing() as session:
        job = _hit(session, taken)
    return Lease(job, token) if job else None


def beat(database: Database, lease: Lease, sign: Beat, *, lease_seconds: float) -> bool:
    """Prolongs the lease and shows progress; False when the lease is lost."""
    prolonged = held(lease).values(
        lease_until_ms=_lease_end(lease_seconds),
        phase=sign.phase,
        progress=sign.progress,
        eta_seconds=sign.eta_seconds,
        updated_at_ms=now_ms(),
    )
    with database.writing() as session:
        return _hit(session, prolonged) is not None


def complete(
    database: Database, lease: Lease, outcome: Outcome, links: Links, effort: CpuTime = NO_EFFORT
) -> bool:
    """Ends the job COMPLETED and writes its webhook delivery; False when the lease is lost."""
    facts = outcome.facts
    values = {
        "status": JobStatus.COMPLETED,
        "progress": 100,
        "motion_made": facts.motion,
        "notices": [asdict(notice) for notice in facts.notices],
        "duration_seconds": facts.duration_seconds,
        "width": facts.width,
        "height": facts.height,
        "loudness": facts.loudness,
        "loudness_before": facts.loudness_before,
        "share_token": ids.new_id(),
    }
    with database.writing() as session:
        return end(session, held(lease), values, links, effort, bytes_out=outcome.video_bytes)


def fail(database: Database, lease: Lease, sentence: str, links: Links, effort: CpuTime = NO_EFFORT) -> bool:
    """Ends the job FAILED with a sentence for the person who uploaded; False when the lease is lost."""
    with database.writing() as session:
        return end(session, held(lease), failure(sentence), links, effort)


def hand_back(database: Database, lease: Lease, effort: CpuTime = NO_EFFORT) -> bool:
    """Puts the job back without counting the attempt: the worker was told to stop."""
    with database.writing() as session:
        return put_back(session, held(lease).values(attempts=Job.attempts - 1), effort)


def is_due() -> ColumnElement[bool]:
    """Whether a pending job may be begun: it is not deferred, or no longer."""
    return or_(col(Job.not_before_ms).is_(None), col(Job.not_before_ms) <= now_ms())


def put_back(session: Session, moved: Update, effort: CpuTime) -> bool:
    """Makes the job pending again by an UPDATE of `held`; False when that hits nothing."""
    job = _hit(session, moved.values(**_queued_anew()))
    if job is None:
        return False
    usage.worked(session, job.id, effort)
    return True


def end(
    session: Session,
    moved: Update,
    values: dict[str, Any],
    links: Links,
    effort: CpuTime,
    *,
    bytes_out: int = 0,
) -> bool:
    """The terminal write, the webhook delivery, the use, and the end of the segments, in one transaction."""
    freed = {"lease_token": None, "lease_until_ms": None, "eta_seconds": None}
    job = _hit(session, moved.values(**values, **freed, phase=Phase.DONE, updated_at_ms=now_ms()))
    if job is None:
        return False
    deliveries.schedule(session, job, links)
    segments.forget(session, job.id)
    usage.ended(session, job, effort, bytes_out=bytes_out)
    return True


def held(lease: Lease) -> Update:
    """An UPDATE of the job that hits only as long as the lease is held."""
    return update(Job).where(
        col(Job.id) == lease.job.id,
        col(Job.lease_token) == lease.token,
        col(Job.status) == JobStatus.PROCESSING,
    )


def _hit(session: Session, statement: Update) -> Job | None:
    return session.exec(statement.returning(Job)).scalars().first()


def _lease_end(lease_seconds: float) -> Any:
    return now_ms() + round(lease_seconds * 1000)


def failure(sentence: str) -> dict[str, Any]:
    return {"status": JobStatus.FAILED, "error_message": sentence}


def _queued_anew() -> dict[str, Any]:
    """A new generation: messages of the old one are stale from here on."""
    return {
        "status": JobStatus.PENDING,
        "phase": Phase.QUEUED,
        "progress": 0,
        "eta_seconds": None,
        "generation": Job.generation + 1,
        "rung_at_ms": None,
        "lease_token": None,
        "lease_until_ms": None,
        "updated_at_ms": now_ms(),
    }
