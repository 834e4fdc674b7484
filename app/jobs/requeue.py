"""Pending jobs and the queue, reconciled: what Redis hasn't heard of, or forgot, is queued again."""

from __future__ import annotations

from sqlalchemy import update
from sqlmodel import col, select

from app.database.database import Database, now_ms
from app.database.models import Job
from app.domain.states import JobStatus
from app.jobs import leases, queries
from app.queue.queues import JobQueue, bell_id

#: A message that no worker took by then is looked for in the queue.
BELL_GRACE_SECONDS = 5
BATCH = 100
#: Late jobs that are looked for in one round.
LATE_BATCH = 500


class Requeue:
    """Goes through the late jobs round by round, so that in a long queue the last one is looked at, too."""

    def __init__(self, database: Database, job_queue: JobQueue) -> None:
        self._database = database
        self._job_queue = job_queue
        self._after = ""

    def run_once(self) -> int:
        """Queues the jobs that Redis hasn't heard of, or forgot, up to BATCH. Returns how many."""
        self._call_anew_the_forgotten()
        unheard = select(Job.id, Job.generation).where(
            Job.status == JobStatus.PENDING, col(Job.rung_at_ms).is_(None), leases.is_due()
        )
        with self._database.reading() as session:
            found = session.exec(unheard.limit(BATCH)).all()
        return sum(
            queries.enqueue(self._database, self._job_queue, job_id, generation)
            for job_id, generation in found
        )

    def _call_anew_the_forgotten(self) -> None:
        """A new generation for each of the next late jobs whose message is no longer in the queue."""
        found = self._late()
        waiting = self._job_queue.waiting() if found else None
        if waiting is None:
            return
        self._after = found[-1][0] if len(found) == LATE_BATCH else ""
        for job_id, generation in found:
            if bell_id(job_id, generation) not in waiting:
                _new_generation(self._database, job_id, generation)

    def _late(self) -> list[tuple[str, int]]:
        """The next ones after those of the last round, by their ids; at the end it begins anew."""
        late = select(Job.id, Job.generation).where(
            Job.status == JobStatus.PENDING,
            col(Job.rung_at_ms) < now_ms() - BELL_GRACE_SECONDS * 1000,
            col(Job.id) > self._after,
        )
        with self._database.reading() as session:
            found = list(session.exec(late.order_by(col(Job.id)).limit(LATE_BATCH)).all())
        if not found:
            self._after = ""
        return found


def _new_generation(database: Database, job_id: str, generation: int) -> None:
    with database.writing() as session:
        session.exec(
            update(Job)
            .where(
                col(Job.id) == job_id, col(Job.generation) == generation, col(Job.status) == JobStatus.PENDING
            )
            .values(generation=generation + 1, rung_at_ms=None)
        )
