"""The bodies the API answers with: the one serialiser, shared by the web and the webhooks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app import clock, signing
from app.listed import ListedJob
from app.models import Delivery, Job, Try
from app.settings import Settings
from app.states import DeliveryStatus, JobStatus, MotionMade, Phase

#: Links stay the same within a step, so that a polled body does too: an hour, or less of a short life.
LONGEST_LINK_STEP_SECONDS = 3600
LINK_STEPS_PER_LIFE = 20


@dataclass(frozen=True)
class Links:
    """Makes the public addresses of a finished job."""

    public_url: str
    signing_key: bytes
    ttl_seconds: int

    @classmethod
    def of(cls, settings: Settings) -> Links:
        return cls(settings.public_url, settings.signing_key, settings.output_url_ttl)

    def video(self, job: Job | ListedJob) -> str | None:
        """Signed, expiring address of the MP4; None until there is one."""
        if job.status is not JobStatus.COMPLETED:
            return None
        path = f"/videos/{job.id}.mp4"
        signed = signing.sign_url_path(path, self._video_expires_at(), self.signing_key)
        return f"{self.public_url}{path}?{signed}"

    def _video_expires_at(self) -> int:
        """Unix seconds: `ttl_seconds` after the end of the present step. A second is the smallest step."""
        step_seconds = max(1, min(LONGEST_LINK_STEP_SECONDS, self.ttl_seconds // LINK_STEPS_PER_LIFE))
        return int(clock.now_seconds() // step_seconds + 1) * step_seconds + self.ttl_seconds

    def share_page(self, job: Job | ListedJob) -> str | None:
        """Address of the page that plays it; None until there is a video."""
        if job.status is not JobStatus.COMPLETED:
            return None
        return f"{self.public_url}/share/{job.share_token}"

    def poster(self, job: Job) -> str | None:
        """Address of the picture that is shown before the video plays; None until there is a video."""
        page = self.share_page(job)
        return f"{page}/poster.jpg" if page else None


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


class DeletedBody(Body):
    """The last event of a job that was deleted."""

    job_id: str


class DoneBody(Body):
    """Cancel, delete and redeliver."""

    success: bool = True
    message: str


@lru_cache(maxsize=8192)
def iso(epoch_ms: int) -> str:
    """ISO 8601 UTC with milliseconds and Z."""
    seconds, ms = divmod(epoch_ms, 1000)
    moment = datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * 1000, tzinfo=None)
    return f"{moment.isoformat(timespec='milliseconds')}Z"
