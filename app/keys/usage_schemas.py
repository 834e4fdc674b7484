"""What `GET /api/usage` answers with. Seconds are rounded to milliseconds; a total is the sum of its days."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from app.database.models import Usage
from app.keys.usage import Quota
from app.schemas.jobs import Body, Moment, iso


class JobCounts(Body):
    submitted: int
    completed: int
    failed: int
    cancelled: int


class UseBody(Body):
    jobs: JobCounts
    output_seconds: float
    render_seconds: float
    cpu_seconds: float
    bytes_in: int
    bytes_out: int

    @classmethod
    def of(cls, rows: Sequence[Usage]) -> UseBody:
        """All of them together."""
        return cls(
            jobs=JobCounts(
                submitted=sum(row.submitted for row in rows),
                completed=sum(row.completed for row in rows),
                failed=sum(row.failed for row in rows),
                cancelled=sum(row.cancelled for row in rows),
            ),
            output_seconds=_sum_seconds(row.output_seconds for row in rows),
            render_seconds=_sum_seconds(row.render_seconds for row in rows),
            cpu_seconds=_sum_seconds(row.cpu_seconds for row in rows),
            bytes_in=sum(row.bytes_in for row in rows),
            bytes_out=sum(row.bytes_out for row in rows),
        )


class DayBody(UseBody):
    """A day of UTC, as `2026-05-07`."""

    date: str

    @classmethod
    def of_day(cls, row: Usage) -> DayBody:
        return cls(date=row.day.isoformat(), **UseBody.of([row]).model_dump())


class QuotaBody(Body):
    """Seconds of video in the present month."""

    monthly_seconds: int
    used_seconds: float
    resets_at: Moment


class UsageBody(Body):
    days: list[DayBody]
    total: UseBody
    quota: QuotaBody | None

    @classmethod
    def of(cls, rows: Sequence[Usage], quota: Quota | None) -> UsageBody:
        return cls(
            days=[DayBody.of_day(row) for row in rows],
            total=UseBody.of(rows),
            quota=None if quota is None else _quota(quota),
        )


def _sum_seconds(parts: Iterable[float]) -> float:
    return round(sum(round(seconds, 3) for seconds in parts), 3)


def _quota(quota: Quota) -> QuotaBody:
    return QuotaBody(
        monthly_seconds=quota.monthly_seconds,
        used_seconds=quota.used_seconds,
        resets_at=iso(quota.resets_at_ms),
    )
