"""The tables and their indexes. No behaviour: moves between states are in `jobs`, `leases`, `segments` and
`deliveries`.

Times are milliseconds since the Unix epoch, by the database's clock.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Index, LargeBinary, String
from sqlmodel import Field, SQLModel

from app.database.columns import enum_column, in_clause, partial_index
from app.domain.states import (
    ACTIVE,
    TERMINAL,
    DeliveryStatus,
    JobStatus,
    Motion,
    MotionMade,
    Phase,
    SegmentStatus,
)
from app.media.media_types import MediaType

#: Migrations write these texts out: autogenerate doesn't notice a change in them.
WHERE_ACTIVE = in_clause(ACTIVE)
WHERE_TERMINAL = in_clause(TERMINAL)
WHERE_FAILED = "status = 'FAILED'"
WHERE_DUE = "status = 'PENDING'"
WHERE_PRESENT = "deleted_at_ms IS NULL"
WHERE_DELETED = "deleted_at_ms IS NOT NULL"


class ApiKey(SQLModel, table=True):
    """Who may use the API. Of the key itself only the SHA-256 is kept."""

    __tablename__ = "api_keys"

    id: str = Field(primary_key=True)
    name: str
    key_sha256: str = Field(unique=True)
    webhook_secret: str
    #: The secret before it, which signs too until its grace is over.
    previous_webhook_secret: str | None = None
    previous_until_ms: int | None = Field(default=None, sa_type=BigInteger)
    max_active_jobs: int = 1
    created_at_ms: int = Field(sa_type=BigInteger)
    revoked_at_ms: int | None = Field(default=None, sa_type=BigInteger)
    #: How the key begins, to tell it from others by. None is known of those made before this was kept.
    prefix: str | None = None
    #: To the minute.
    last_used_at_ms: int | None = Field(default=None, sa_type=BigInteger)
    is_admin: bool = False
    #: Seconds of video that it may have made in a month of UTC; null: any number.
    monthly_quota_seconds: int | None = None


class Job(SQLModel, table=True):
    """One video to make. This row is the truth about it; Redis only wakes a worker."""

    __tablename__ = "jobs"
    __table_args__ = (
        partial_index("uq_jobs_active_slot", "api_key_id", "slot", unique=True, where=WHERE_ACTIVE),
        partial_index("ix_jobs_page", "api_key_id", "created_at_ms", "id", where=WHERE_PRESENT),
        partial_index(
            "ix_jobs_page_by_status", "api_key_id", "status", "created_at_ms", "id", where=WHERE_PRESENT
        ),
        partial_index("ix_jobs_deleted", "api_key_id", "created_at_ms", "id", where=WHERE_DELETED),
        partial_index("ix_jobs_restorable", "restorable_until_ms", where=WHERE_DELETED),
        partial_index("ix_jobs_active", "status", "lease_until_ms", where=WHERE_ACTIVE),
        partial_index("ix_jobs_failed", "updated_at_ms", where=WHERE_FAILED),
        partial_index("ix_jobs_retention", "updated_at_ms", where=WHERE_TERMINAL),
    )

    id: str = Field(primary_key=True)
    api_key_id: str = Field(foreign_key="api_keys.id")
    #: Which of its key's slots it has from its beginning to its end, counted from 0.
    slot: int = 0
    status: JobStatus = Field(sa_column=enum_column(JobStatus, closed=True))
    #: What was asked for, as `RenderOptions` in JSON; null where the release before wrote the row. That one
    #: reads and writes the two columns below, which go in the next one.
    options: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    motion_asked: Motion = Field(default=Motion.AUTO, sa_column=enum_column(Motion))
    loudness_asked: float | None = None
    webhook_url: str | None = Field(default=None, sa_type=String)
    image_type: MediaType = Field(sa_column=enum_column(MediaType))
    audio_type: MediaType = Field(sa_column=enum_column(MediaType))

    #: Number of the queue message that may start the job; one higher whenever it is queued anew.
    generation: int = 0
    #: When that message was queued; null while Redis hasn't heard of it.
    rung_at_ms: int | None = Field(default=None, sa_type=BigInteger)
    #: Renders begun, less those handed back.
    attempts: int = 0
    #: How often a worker was lost.
    retries: int = 0
    #: Where the service itself was ill: since when, and until when the job waits for it to be well again.
    deferred_since_ms: int | None = Field(default=None, sa_type=BigInteger)
    not_before_ms: int | None = Field(default=None, sa_type=BigInteger)
    lease_token: str | None = None
    lease_until_ms: int | None = Field(default=None, sa_type=BigInteger)

    phase: Phase = Field(sa_column=enum_column(Phase))
    progress: int = 0
    eta_seconds: int | None = None

    motion_made: MotionMade | None = Field(default=None, sa_column=enum_column(MotionMade, nullable=True))
    notices: list[dict[str, str]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    #: Integrated loudness in LUFS, where one was asked for: of the upload, and of the video.
    loudness_before: float | None = None
    loudness: float | None = None
    error_message: str | None = None

    share_token: str | None = Field(default=None, unique=True)

    created_at_ms: int = Field(sa_type=BigInteger)
    updated_at_ms: int = Field(sa_type=BigInteger)
    #: Null, unless its owner deleted it and it can be restored; row and files are kept until then.
    deleted_at_ms: int | None = Field(default=None, sa_type=BigInteger)
    restorable_until_ms: int | None = Field(default=None, sa_type=BigInteger)


class IdempotencyKey(SQLModel, table=True):
    """What a client called a submission. It outlives its job's row: the answer stays the same."""

    __tablename__ = "idempotency_keys"

    api_key_id: str = Field(foreign_key="api_keys.id", primary_key=True)
    key: str = Field(primary_key=True)
    #: Of what was submitted.
    fingerprint: str
    job_id: str
    created_at_ms: int = Field(sa_type=BigInteger)


class Segment(SQLModel, table=True):
    """A stretch of a long talk, which any worker may draw. Its row goes when its job ends."""

    __tablename__ = "segments"

    job_id: str = Field(foreign_key="jobs.id", primary_key=True)
    number: int = Field(primary_key=True)
    #: Of what is to be drawn, and of the program that draws it.
    digest: str
    #: Its frames: from the first one up to, not including, the last one.
    start_frame: int
    end_frame: int
    status: SegmentStatus = Field(sa_column=enum_column(SegmentStatus, closed=True))
    #: Who draws it, or has drawn it: part of the name of the file.
    lease_token: str | None = None
    lease_until_ms: int | None = Field(default=None, sa_type=BigInteger)


class RenderLog(SQLModel, table=True):
    """How the log of a job's last attempt ended that came to nothing. Its row goes with the job's."""

    __tablename__ = "render_logs"

    job_id: str = Field(primary_key=True, foreign_key="jobs.id", ondelete="CASCADE")
    text: str
    written_at_ms: int = Field(sa_type=BigInteger)


class Usage(SQLModel, table=True):
    """What a key used on a day of UTC. It outlives the jobs that it tells of."""

    __tablename__ = "usage"

    api_key_id: str = Field(foreign_key="api_keys.id", primary_key=True)
    day: date = Field(primary_key=True)
    #: Jobs accepted, and jobs ended in each way.
    submitted: int = 0
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    #: Length of the finished videos.
    output_seconds: float = 0
    #: What workers spent, also on tries that came to nothing: by the clock, and of processor time.
    render_seconds: float = 0
    cpu_seconds: float = 0
    #: Size of the files that came, and of the finished videos.
    bytes_in: int = Field(default=0, sa_type=BigInteger)
    bytes_out: int = Field(default=0, sa_type=BigInteger)


class Delivery(SQLModel, table=True):
    """One webhook to be delivered. It outlives its job's row, so that deleting a job loses no event.

    A job that is tried again has one for each of its ends. They are sent in that order.
    """

    __tablename__ = "deliveries"
    __table_args__ = (
        Index("uq_deliveries_end", "job_id", "generation", unique=True),
        partial_index("ix_deliveries_due", "due_at_ms", where=WHERE_DUE),
    )

    id: str = Field(primary_key=True)
    job_id: str
    #: The job's own at that end.
    generation: int = 0
    api_key_id: str = Field(foreign_key="api_keys.id")
    event: str
    url: str
    #: The receiver as `outcomes.ClaimedDelivery.host` counts it.
    host: str
    body: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    status: DeliveryStatus = Field(sa_column=enum_column(DeliveryStatus, closed=True))
    tries: int = 0
    #: What `tries` was when the schedule began: a redelivery begins it anew.
    schedule_from: int = 0
    due_at_ms: int = Field(sa_type=BigInteger)
    claim_token: str | None = None
    claimed_until_ms: int = Field(default=0, sa_type=BigInteger)
    last_result: str | None = None
    created_at_ms: int = Field(sa_type=BigInteger)
    updated_at_ms: int = Field(sa_type=BigInteger)


class Try(SQLModel, table=True):
    """One try to deliver a webhook, gone with its delivery. Nothing of the answer is kept but its status."""

    __tablename__ = "tries"

    delivery_id: str = Field(primary_key=True, foreign_key="deliveries.id", ondelete="CASCADE")
    #: Counted from 1 over the delivery's whole life.
    number: int = Field(primary_key=True)
    begun_at_ms: int = Field(sa_type=BigInteger)
    took_ms: int
    #: Of the answer; null when there was none, and then `error` is the word for why.
    status: int | None = None
    error: str | None = None
