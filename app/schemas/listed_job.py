"""A job as a list shows it: of its columns, those that are told."""

from __future__ import annotations

from typing import NamedTuple

from app.domain.states import JobStatus


class ListedJob(NamedTuple):
    """The fields have the names and the meaning of `models.Job`."""

    id: str
    status: JobStatus
    error_message: str | None
    retries: int
    created_at_ms: int
    updated_at_ms: int
    webhook_url: str | None
    share_token: str | None
    deleted_at_ms: int | None
    restorable_until_ms: int | None
