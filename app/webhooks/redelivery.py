"""What an owner can do with a job's webhook: see its tries, and have it sent again.

Whose job it is was asked before (`app.jobs.queries.get`). The sender's verbs are in `deliveries`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.database.database import Database, now_ms
from app.database.models import Delivery, Try
from app.domain.states import DeliveryStatus
from app.errors import DeliveryNotFound, DeliveryUnderWay
from app.queue.queues import JobQueue


@dataclass(frozen=True)
class History:
    """A delivery and its tries, oldest first."""

    delivery: Delivery
    tries: Sequence[Try]


def histories(database: Database, job_id: str) -> list[History]:
    """The deliveries of a job, that of its last end first; none when it asked for none, or hasn't ended."""
    with database.reading() as session:
        deliveries = session.exec(_of_job(job_id)).all()
        return [History(delivery, _tries_of(session, delivery)) for delivery in deliveries]


def _of_job(job_id: str) -> SelectOfScalar[Delivery]:
    return select(Delivery).where(Delivery.job_id == job_id).order_by(col(Delivery.generation).desc())


def _tries_of(session: Session, delivery: Delivery) -> Sequence[Try]:
    return session.exec(select(Try).where(Try.delivery_id == delivery.id).order_by(col(Try.number))).all()


def redeliver(database: Database, job_queue: JobQueue, job_id: str, delivery_id: str) -> None:
    """Has a delivery sent at once, with the same id and bytes, on a schedule that begins anew.

    One that waits for its next try needn't wait any longer: its receiver may be well again.

    Raises:
        DeliveryNotFound
        DeliveryUnderWay: a sender has it in hand at this moment.
    """
    if not _make_due(database, job_id, delivery_id):
        raise _refusal(database, job_id, delivery_id)
    job_queue.notify_sender()


def _make_due(database: Database, job_id: str, delivery_id: str) -> bool:
    with database.writing() as session:
        renewed = session.exec(
            update(Delivery)
            .where(
                col(Delivery.id) == delivery_id,
                col(Delivery.job_id) == job_id,
                col(Delivery.claimed_until_ms) < now_ms(),
            )
            .values(
                status=DeliveryStatus.PENDING,
                due_at_ms=now_ms(),
                schedule_from=Delivery.tries,
                # A sender that comes back from the dead must not write over this.
                claim_token=None,
                updated_at_ms=now_ms(),
            )
        )
    return renewed.rowcount == 1


def _refusal(database: Database, job_id: str, delivery_id: str) -> DeliveryNotFound | DeliveryUnderWay:
    with database.reading() as session:
        found = session.exec(
            select(Delivery.id).where(Delivery.id == delivery_id, Delivery.job_id == job_id)
        ).first()
    return DeliveryUnderWay() if found else DeliveryNotFound()
