"""The bodies the API answers with: the one serialiser, shared by the web and the webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.database.models import Delivery, Job, Try
from app.domain.states import DeliveryStatus, JobStatus, MotionMade, Phase
from app.schemas.links import Links as Links
from app.schemas.listed_job import ListedJob

#: ISO 8601, as `iso` writes it.
Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Body(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        frozen=True,
        json_schema_serialization_defaults_required=True,
    )

    def json_bytes(self) -> bytes:
        """camelCase JSON, UTF-8."""
        return self.model_dump_json(by_alias=True).encode()


class NoticeBody(Body):
    code: str
    message: str


class StatusBody(Body):
    """`GET /api/status/<jobId>`, and what a webhook carries."""

    job_id: str
    status: JobStatus
    progress: int
    output_video: str | None
    output_share_link: str | None
    error_message: str | None
    created_at: Moment
    updated_at: Moment
    motion: MotionMade | None
    warnings: list[NoticeBody]
    phase: Phase
    eta_seconds: int | None
    duration_seconds: float | None
    width: int | None
    height: int | None
    loudness: float | None
    loudness_before: float | None

    @classmethod
    def of(cls, job: Job, links: Links) -> StatusBody:
        return cls(
            job_id=job.id,
            status=job.status,
            progress=job.progress,
            output_video=links.video(job),
            output_share_link=links.share_page(job),
            error_message=job.error_message,
            created_at=iso(job.created_at_ms),
            updated_at=iso(job.updated_at_ms),
            motion=job.motion_made,
            warnings=[NoticeBody(**notice) for notice in job.notices],
            phase=job.phase,
            eta_seconds=job.eta_seconds,
            duration_seconds=job.duration_seconds,
            width=job.width,
            height=job.height,
            loudness=job.loudness,
            loudness_before=job.loudness_before,
        )


class ListItem(Body):
    id: str
    status: JobStatus
    output_video: str | None
    output_share_link: str | None
    error_message: str | None
    retries: int
    created_at: Moment
    updated_at: Moment
    webhook_url: str | None

    @classmethod
    def of(cls, job: ListedJob, links: Links) -> ListItem:
        return cls(
            id=job.id,
            status=job.status,
            output_video=links.video(job),
            output_share_link=links.share_page(job),
            error_message=job.error_message,
            retries=job.retries,
            created_at=iso(job.created_at_ms),
            updated_at=iso(job.updated_at_ms),
            webhook_url=job.webhook_url,
        )


class Pagination(Body):
    limit: int
    next_cursor: str | None
    has_next_page: bool


class ListBody(Body):
    """`GET /api/jobs`."""

    jobs: list[ListItem]
    pagination: Pagination

    @classmethod
    def of(cls, page: Sequence[ListedJob], *, limit: int, next_cursor: str | None, links: Links) -> ListBody:
        return cls(
            jobs=[ListItem.of(job, links) for job in page],
            pagination=Pagination(
                limit=limit, next_cursor=next_cursor, has_next_page=next_cursor is not None
            ),
        )


class TryBody(Body):
    """`status` is the receiver's answer; without one, `error` is the word for why."""

    number: int
    at: Moment
    status: int | None
    ms: int
    error: str | None

    @classmethod
    def of(cls, one: Try) -> TryBody:
        return cls(
            number=one.number, at=iso(one.begun_at_ms), status=one.status, ms=one.took_ms, error=one.error
        )


class DeliveryBody(Body):
    """`next_try_at` is None once the delivery is over."""

    id: str
    event: str
    url: str
    status: DeliveryStatus
    tries: list[TryBody]
    next_try_at: Moment | None
    created_at: Moment

    @classmethod
    def of(cls, delivery: Delivery, tries: Sequence[Try]) -> DeliveryBody:
        return cls(
            id=delivery.id,
            event=delivery.event,
            url=delivery.url,
            status=delivery.status,
            tries=[TryBody.of(one) for one in tries],
            next_try_at=iso(delivery.due_at_ms) if delivery.status is DeliveryStatus.PENDING else None,
            created_at=iso(delivery.created_at_ms),
        )


class DeliveriesBody(Body):
    """`GET /api/jobs/<jobId>/deliveries`."""

    deliveries: list[DeliveryBody]


class CreatedBody(Body):
    """`POST /api/jobs`."""

    message: str = "Job created"
    job_id: str


class AwaitedBody(CreatedBody):
    """`POST /api/jobs` by a client that would rather wait."""

    job: StatusBody


class DoneBody(Body):
    """Cancel and redeliver."""

    success: bool = True
    message: str


@lru_cache(maxsize=8192)
def iso(epoch_ms: int) -> str:
    """ISO 8601 UTC with milliseconds and Z."""
    seconds, ms = divmod(epoch_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000, tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
