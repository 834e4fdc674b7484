"""The slots of a key: so many of its jobs may be active at once. Among rivals the unique index decides.

A job keeps its slot until it ends. Where a limit was lowered, the jobs above it go on, and count.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from sqlmodel import Session, col, select

from app.database.models import ApiKey, Job
from app.domain.states import ACTIVE


@dataclass(frozen=True)
class Slots:
    """What a key has at work, oldest first, and how much it may have."""

    job_ids: Sequence[str]
    taken: frozenset[int]
    max_active_jobs: int

    @property
    def are_full(self) -> bool:
        return len(self.taken) >= self.max_active_jobs

    @property
    def lowest_free(self) -> int:
        return next(slot for slot in count() if slot not in self.taken)


def of_key(session: Session, api_key_id: str) -> Slots:
    """The slots at this instant: one statement, so one view of them."""
    active = (
        select(Job.id, Job.slot, ApiKey.max_active_jobs)
        .where(Job.api_key_id == ApiKey.id, ApiKey.id == api_key_id, col(Job.status).in_(sorted(ACTIVE)))
        .order_by(col(Job.created_at_ms), col(Job.id))
    )
    rows = session.exec(active).all()
    # A key may always have one: without rows the limit doesn't matter.
    max_active_jobs = rows[0][2] if rows else 1
    return Slots([row[0] for row in rows], frozenset(row[1] for row in rows), max_active_jobs)
