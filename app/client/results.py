"""What the service answers, as frozen objects. Fields that a later service adds are passed over."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from app.domain.states import TERMINAL, JobStatus


class Result(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True)


class Notice(Result):
    """One of a job's warnings: what was repaired or degraded."""

    code: str
    message: str


class Status(Result):
    """The status object. Times are ISO 8601 UTC; `progress` is 0 to 100."""

    job_id: str
    status: JobStatus
    progress: int
    output_video: str | None
    output_share_link: str | None
    error_message: str | None
    created_at: str
    updated_at: str
    motion: str | None = None
    warnings: tuple[Notice, ...] = ()
    phase: str = ""
    eta_seconds: int | None = None
    duration_seconds: float | None = None
    width: int | None = None
    height: int | None = None
    #: In LUFS, of the video and of the upload, where a loudness was asked for.
    loudness: float | None = None
    loudness_before: float | None = None

    @property
    def has_ended(self) -> bool:
        """COMPLETED, FAILED or CANCELLED: it stays as it is."""
        return self.status in TERMINAL


class ListedJob(Result):
    """A job in a list. Those that are deleted say since when, and until when they can be restored."""

    id: str
    status: JobStatus
    output_video: str | None
    output_share_link: str | None
    error_message: str | None
    retries: int
    created_at: str
    updated_at: str
    webhook_url: str | None
    deleted_at: str | None = None
    restorable_until: str | None = None


class Pagination(Result):
    next_cursor: str | None


class Page(Result):
    jobs: tuple[ListedJob, ...]
    pagination: Pagination


class Created(Result):
    job_id: str


class Done(Result):
    deleted_at: str | None = None


class Deletion(Result):
    """A job that is deleted. Without `restorable_until` it is gone for good."""

    job_id: str
    deleted_at: str
    restorable_until: str | None
