"""What `/api/operator` answers with: the queue, the workers, and what failed."""

from __future__ import annotations

from collections.abc import Sequence

from app.database.models import Job
from app.operations.overview import Active, Failure, QueueStats
from app.queue.render_workers import WorkerSeen
from app.schemas.jobs import Body, iso

HOUR_MS = 3_600_000


class QueueBody(Body):
    """How many wait or are at work; seconds that the oldest has waited."""

    pending: int
    processing: int
    oldest_pending_seconds: float
    webhooks_pending: int
    oldest_webhook_due_seconds: float

    @classmethod
    def of(cls, depth: QueueStats) -> QueueBody:
        return cls(**vars(depth))


class ActiveBody(Body):
    """A job at hand. `leaseSeconds` are left of its worker's hold on it; None while nobody has one."""

    job_id: str
    key_id: str
    status: str
    phase: str
    progress: int
    attempts: int
    retries: int
    age_seconds: float
    lease_seconds: float | None

    @classmethod
    def of(cls, job: Job, now_ms: int) -> ActiveBody:
        return cls(
            job_id=job.id,
            key_id=job.api_key_id,
            status=job.status,
            phase=job.phase,
            progress=job.progress,
            attempts=job.attempts,
            retries=job.retries,
            age_seconds=(now_ms - job.created_at_ms) / 1000,
            lease_seconds=None if job.lease_until_ms is None else (job.lease_until_ms - now_ms) / 1000,
        )


class WorkerBody(Body):
    """A render worker, by what it last told Redis. `jobId` is the job that it renders or helps with."""

    name: str
    host: str
    state: str
    job_id: str | None
    heartbeat_at: str | None

    @classmethod
    def of(cls, seen: WorkerSeen) -> WorkerBody:
        heartbeat_at = iso(seen.heartbeat_ms) if seen.heartbeat_ms else None
        return cls(
            name=seen.name, host=seen.host, state=seen.state, job_id=seen.job_id, heartbeat_at=heartbeat_at
        )


class FailureBody(Body):
    """A job that failed, with the end of its last attempt's log. `retryable` while its uploads are kept."""

    job_id: str
    key_id: str
    error_message: str | None
    attempts: int
    retries: int
    failed_at: str
    log: str | None
    retryable: bool

    @classmethod
    def of(cls, failure: Failure, *, now_ms: int, keep_uploads_hours: int) -> FailureBody:
        job = failure.job
        return cls(
            job_id=job.id,
            key_id=job.api_key_id,
            error_message=job.error_message,
            attempts=job.attempts,
            retries=job.retries,
            failed_at=iso(job.updated_at_ms),
            log=failure.log,
            retryable=now_ms - job.updated_at_ms < keep_uploads_hours * HOUR_MS,
        )


class OverviewBody(Body):
    """`GET /api/operator/overview`. `workers` is None when Redis can't be asked."""

    at: str
    queue: QueueBody
    active: list[ActiveBody]
    workers: list[WorkerBody] | None
    failures: list[FailureBody]

    @classmethod
    def of(
        cls,
        depth: QueueStats,
        active: Active,
        workers: Sequence[WorkerSeen] | None,
        failures: Sequence[Failure],
        *,
        keep_uploads_hours: int,
    ) -> OverviewBody:
        now = active.now_ms
        return cls(
            at=iso(now),
            queue=QueueBody.of(depth),
            active=[ActiveBody.of(job, now) for job in active.jobs],
            workers=None if workers is None else [WorkerBody.of(each) for each in workers],
            failures=[
                FailureBody.of(each, now_ms=now, keep_uploads_hours=keep_uploads_hours) for each in failures
            ],
        )
