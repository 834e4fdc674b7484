"""The bodies around deleted jobs."""

from __future__ import annotations

from collections.abc import Sequence

from app.schemas.jobs import Body, DoneBody, Links, ListItem, Moment, Pagination, iso
from app.schemas.listed_job import ListedJob


class DeletedBody(Body):
    """The last event of a job that was deleted."""

    job_id: str


class DeletionBody(DoneBody):
    """`DELETE /api/jobs/<jobId>` of an ended job. `restorableUntil` is null where it is gone for good."""

    job_id: str
    deleted_at: Moment
    restorable_until: Moment | None


class RestoredBody(DoneBody):
    """`POST /api/jobs/<jobId>/restore`."""

    job_id: str


class DeletedItem(ListItem):
    """A deleted job. Its links are null until it is restored."""

    deleted_at: Moment
    restorable_until: Moment

    @classmethod
    def of(cls, job: ListedJob, links: Links) -> DeletedItem:
        return cls(
            **ListItem.of(job, links).model_dump(),
            deleted_at=iso(job.deleted_at_ms or 0),
            restorable_until=iso(job.restorable_until_ms or 0),
        )


class DeletedListBody(Body):
    """`GET /api/jobs?deleted=true`."""

    jobs: list[DeletedItem]
    pagination: Pagination

    @classmethod
    def of(
        cls, page: Sequence[ListedJob], *, limit: int, next_cursor: str | None, links: Links
    ) -> DeletedListBody:
        return cls(
            jobs=[DeletedItem.of(job, links) for job in page],
            pagination=Pagination(
                limit=limit, next_cursor=next_cursor, has_next_page=next_cursor is not None
            ),
        )
