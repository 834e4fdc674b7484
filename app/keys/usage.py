"""What each key used, by day: counted in the transaction that moves its job, so once, whatever fails.

Days and months are UTC's, by the database's clock. A quota is of the seconds of video finished in a month.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from app.database.database import Database, now_ms
from app.database.models import ApiKey, Job, Usage
from app.domain.states import JobStatus
from app.errors.keys import QuotaExceeded


@dataclass(frozen=True)
class CpuTime:
    """What a worker spent: seconds by the clock, and of processor time, with that of the programs it ran."""

    render_seconds: float = 0.0
    cpu_seconds: float = 0.0


NO_EFFORT = CpuTime()


@dataclass(frozen=True)
class Quota:
    """Seconds of video in the present month: how many there may be, and how many there are."""

    monthly_seconds: int
    used_seconds: float
    resets_at_ms: int


def submitted(session: Session, job: Job, *, bytes_in: int) -> None:
    """Counts a job that is being accepted. Commits with the caller, as all that count here."""
    _count(session, job.api_key_id, job.created_at_ms, submitted=1, bytes_in=bytes_in)


def ended(session: Session, job: Job, effort: CpuTime, *, bytes_out: int) -> None:
    """Counts a job that just became COMPLETED or FAILED."""
    ends = {"completed": 1} if job.status is JobStatus.COMPLETED else {"failed": 1}
    _count(
        session,
        job.api_key_id,
        job.updated_at_ms,
        **ends,
        **_spent(effort),
        output_seconds=job.duration_seconds or 0.0,
        bytes_out=bytes_out,
    )


def cancelled(session: Session, api_key_id: str, at_ms: int) -> None:
    """Counts a job that was cancelled at this time, in milliseconds since the epoch."""
    _count(session, api_key_id, at_ms, cancelled=1)


def worked(session: Session, job_id: str, effort: CpuTime) -> None:
    """Counts what was spent on a job that hasn't ended by it."""
    if effort == NO_EFFORT:
        return
    owner = session.exec(select(Job.api_key_id, now_ms()).where(Job.id == job_id)).first()
    if owner is not None:
        api_key_id, now = owner
        _count(session, api_key_id, now, **_spent(effort))


def by_day(database: Database, api_key_id: str, *, days: int) -> list[Usage]:
    """The last `days` days, oldest first; the last one is today."""
    with database.reading() as session:
        today = day_of(session.exec(select(now_ms())).one())
        first = today - timedelta(days=days - 1)
        found = _since(session, api_key_id, first)
    known = {row.day: row for row in found}
    dates = (first + timedelta(days=number) for number in range(days))
    return [known.get(day) or Usage(api_key_id=api_key_id, day=day) for day in dates]


def quota_of(database: Database, key: ApiKey) -> Quota | None:
    """The key's quota, as far as it is used; None when it has none."""
    if key.monthly_quota_seconds is None:
        return None
    with database.reading() as session:
        return _quota(session, key.id, key.monthly_quota_seconds, session.exec(select(now_ms())).one())


def refusal_beyond_quota(database: Database, key: ApiKey) -> QuotaExceeded | None:
    """What to answer if the month's seconds are used up."""
    if key.monthly_quota_seconds is None:
        return None
    with database.reading() as session:
        return _refusal(session, key.id, key.monthly_quota_seconds, session.exec(select(now_ms())).one())


def require_quota(session: Session, api_key_id: str, monthly_seconds: int, at_ms: int) -> None:
    """Raises QuotaExceeded if the month's seconds are used up, as a transaction of the caller's sees it."""
    if refusal := _refusal(session, api_key_id, monthly_seconds, at_ms):
        raise refusal


def _refusal(session: Session, api_key_id: str, monthly_seconds: int, at_ms: int) -> QuotaExceeded | None:
    quota = _quota(session, api_key_id, monthly_seconds, at_ms)
    if quota.used_seconds < quota.monthly_seconds:
        return None
    return QuotaExceeded(max(1, math.ceil((quota.resets_at_ms - at_ms) / 1000)))


def day_of(epoch_ms: int) -> date:
    """The day of UTC that this moment is in."""
    return datetime.fromtimestamp(epoch_ms // 1000, UTC).date()


def _quota(session: Session, api_key_id: str, monthly_seconds: int, at_ms: int) -> Quota:
    first = day_of(at_ms).replace(day=1)
    next_first = (first + timedelta(days=31)).replace(day=1)
    used = select(func.sum(Usage.output_seconds)).where(Usage.api_key_id == api_key_id, Usage.day >= first)
    # Rounded, as many small floats add up to a little less than their sum.
    used_seconds = round(session.exec(used).one() or 0.0, 3)
    return Quota(monthly_seconds, used_seconds, _begin_ms(next_first))


def _begin_ms(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _since(session: Session, api_key_id: str, first: date) -> Sequence[Usage]:
    return session.exec(select(Usage).where(Usage.api_key_id == api_key_id, Usage.day >= first)).all()


def _spent(effort: CpuTime) -> dict[str, float]:
    return {"render_seconds": effort.render_seconds, "cpu_seconds": effort.cpu_seconds}


def _count(session: Session, api_key_id: str, at_ms: int, **counts: float) -> None:
    """Adds to the day's row, or begins it."""
    # The two have the same words for it, and no type in common.
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    new = dialect.insert(Usage).values(api_key_id=api_key_id, day=day_of(at_ms), **counts)
    added = {name: getattr(Usage, name) + new.excluded[name] for name in counts}
    session.exec(
        new.on_conflict_do_update(index_elements=[col(Usage.api_key_id), col(Usage.day)], set_=added)
    )
