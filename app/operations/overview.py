"""How the service is doing, by the rows that are the truth about it: for an operator, and for `/metrics`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, func, select

from app.database.database import Database, now_ms
from app.database.models import Delivery, Job, RenderLog, Usage
from app.domain.states import ACTIVE, DeliveryStatus, JobStatus
from app.webhooks.deliveries import waits_for_an_earlier_end

#: What is shown at once.
MOST_ACTIVE = 100
MOST_FAILURES = 50


@dataclass(frozen=True)
class QueueStats:
    """How many wait or are at work, and for how long the oldest has been due; 0 where none is."""

    pending: int
    processing: int
    oldest_pending_seconds: float
    webhooks_pending: int
    oldest_webhook_due_seconds: float


@dataclass(frozen=True)
class Totals:
    """What all keys together have used since the beginning."""

    submitted: int
    completed: int
    failed: int
    cancelled: int
    output_seconds: float
    render_seconds: float
    cpu_seconds: float
    bytes_in: int
    bytes_out: int


@dataclass(frozen=True)
class Failure:
    """A job that failed, and how the log of its last attempt ended, if that is known."""

    job: Job
    log: str | None


@dataclass(frozen=True)
class Active:
    """The jobs at hand, oldest first, as of this time of the database's clock."""

    jobs: Sequence[Job]
    now_ms: int


def depth(database: Database) -> QueueStats:
    """How much is to be done."""
    with database.reading() as session:
        now = session.exec(select(now_ms())).one()
        pending, pending_since = _count_since(session, JobStatus.PENDING)
        processing, _ = _count_since(session, JobStatus.PROCESSING)
        webhooks = select(func.count(), func.min(Delivery.due_at_ms)).where(
            Delivery.status == DeliveryStatus.PENDING, ~waits_for_an_earlier_end()
        )
        webhooks_pending, due_since = session.exec(webhooks).one()
    return QueueStats(
        pending,
        processing,
        _seconds_between(pending_since, now),
        webhooks_pending,
        _seconds_between(due_since, now),
    )


def _count_since(session: Session, status: JobStatus) -> tuple[int, int | None]:
    return session.exec(select(func.count(), func.min(Job.created_at_ms)).where(Job.status == status)).one()


def _seconds_between(since_ms: int | None, until_ms: int) -> float:
    return 0.0 if since_ms is None else max(0, until_ms - since_ms) / 1000


def totals(database: Database) -> Totals:
    """The sums of the use of all keys."""
    names = Totals.__dataclass_fields__
    with database.reading() as session:
        sums = session.exec(
            select(*(func.coalesce(func.sum(getattr(Usage, name)), 0) for name in names))
        ).one()
    return Totals(*sums)


def active(database: Database) -> Active:
    """The jobs that wait or are at work, up to MOST_ACTIVE."""
    oldest = (
        select(Job).where(col(Job.status).in_(sorted(ACTIVE))).order_by(col(Job.created_at_ms), col(Job.id))
    )
    with database.reading() as session:
        now = session.exec(select(now_ms())).one()
        return Active(session.exec(oldest.limit(MOST_ACTIVE)).all(), now)


def failures(database: Database) -> list[Failure]:
    """The jobs that failed last, up to MOST_FAILURES, latest first."""
    latest = (
        select(Job, RenderLog.text)
        .outerjoin(RenderLog, col(RenderLog.job_id) == col(Job.id))
        .where(Job.status == JobStatus.FAILED, col(Job.deleted_at_ms).is_(None))
        .order_by(col(Job.updated_at_ms).desc(), col(Job.id))
    )
    with database.reading() as session:
        return [Failure(job, log) for job, log in session.exec(latest.limit(MOST_FAILURES))]
