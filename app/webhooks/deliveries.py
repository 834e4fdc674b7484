"""Webhook deliveries: born in the transaction that ends their job, claimed and recorded by the sender."""

from __future__ import annotations

from sqlalchemy import ColumnElement, case, delete, exists, insert, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from app.core import ids
from app.database.database import Database, now_ms
from app.database.models import ApiKey, Delivery, Job, Try
from app.domain.states import DeliveryStatus, JobStatus
from app.egress.urls import host_of
from app.schemas.jobs import Links, StatusBody
from app.webhooks.retry_policy import ClaimedDelivery, Delivered, DeliveryAttempt, GiveUp, Outcome, RetryAt

EVENTS = {JobStatus.COMPLETED: "job.completed", JobStatus.FAILED: "job.failed"}

#: A sender that doesn't record a try within this time is taken for dead, and the delivery is sent again.
CLAIM_SECONDS = 60
#: Of a delivery that is sent again and again, the latest ones stay on record.
TRIES_KEPT = 100


def schedule(session: Session, job: Job, links: Links) -> None:
    """Writes the delivery of a job that just ended, if it asked for one. Commits with the caller."""
    if job.webhook_url is None:
        return
    session.add(
        Delivery(
            id=ids.new_delivery_id(),
            job_id=job.id,
            generation=job.generation,
            api_key_id=job.api_key_id,
            event=EVENTS[job.status],
            url=job.webhook_url,
            host=host_of(job.webhook_url),
            body=StatusBody.of(job, links).json_bytes(),
            status=DeliveryStatus.PENDING,
            due_at_ms=job.updated_at_ms,
            created_at_ms=job.updated_at_ms,
            updated_at_ms=job.updated_at_ms,
        )
    )


def claim_due(database: Database, limit: int, full_hosts: frozenset[str]) -> list[ClaimedDelivery]:
    """Takes up to `limit` due deliveries for CLAIM_SECONDS, oldest first, none for hosts that are full."""
    token = ids.new_id()
    with database.writing() as session:
        due = session.exec(_oldest_due(limit, full_hosts)).all()
        if due:
            session.exec(
                update(Delivery)
                .where(col(Delivery.id).in_([delivery.id for delivery, *_ in due]))
                .values(claim_token=token, claimed_until_ms=now_ms() + CLAIM_SECONDS * 1000)
            )
    return [_due(delivery, token, new, old) for delivery, new, old in due]


def _oldest_due(limit: int, full_hosts: frozenset[str]) -> Select[Delivery, str, str | None]:
    """With the secrets that sign it. Locks what it finds; what another sender has locked is left to it."""
    still_signs = (col(ApiKey.previous_until_ms) > now_ms(), col(ApiKey.previous_webhook_secret))
    return (
        select(Delivery, ApiKey.webhook_secret, case(still_signs, else_=None))
        .join(ApiKey, col(ApiKey.id) == col(Delivery.api_key_id))
        .where(
            Delivery.status == DeliveryStatus.PENDING,
            col(Delivery.due_at_ms) <= now_ms(),
            col(Delivery.claimed_until_ms) < now_ms(),
            col(Delivery.host).not_in(full_hosts),
            ~waits_for_an_earlier_end(),
        )
        .order_by(col(Delivery.due_at_ms), col(Delivery.id))
        .limit(limit)
        .with_for_update(skip_locked=True, of=Delivery)
    )


def waits_for_an_earlier_end() -> ColumnElement[bool]:
    """Whether a delivery isn't due yet, as an earlier end of its job is still to be delivered.

    A receiver hears of them in their order.
    """
    earlier = aliased(Delivery)
    return (
        exists()
        .where(
            col(earlier.job_id) == col(Delivery.job_id),
            col(earlier.generation) < col(Delivery.generation),
            col(earlier.status) == DeliveryStatus.PENDING,
        )
        .correlate(Delivery)
    )


def _due(delivery: Delivery, token: str, new_secret: str, old_secret: str | None) -> ClaimedDelivery:
    return ClaimedDelivery(
        id=delivery.id,
        claim_token=token,
        url=delivery.url,
        event=delivery.event,
        body=delivery.body,
        tries=delivery.tries - delivery.schedule_from,
        secrets=(new_secret, old_secret) if old_secret else (new_secret,),
        job_id=delivery.job_id,
    )


def record(database: Database, delivery: ClaimedDelivery, tried: DeliveryAttempt) -> bool:
    """Writes a try down, and what it came to; False when another sender has claimed the delivery since."""
    with database.writing() as session:
        number = session.exec(
            update(Delivery)
            .where(col(Delivery.id) == delivery.id, col(Delivery.claim_token) == delivery.claim_token)
            .values(
                **_consequence(tried.outcome),
                tries=Delivery.tries + 1,
                claim_token=None,
                claimed_until_ms=0,
                updated_at_ms=now_ms(),
            )
            .returning(col(Delivery.tries))
        ).scalar()
        if number is not None:
            _write_down(session, delivery.id, number, tried)
    return number is not None


def _write_down(session: Session, delivery_id: str, number: int, tried: DeliveryAttempt) -> None:
    session.exec(
        insert(Try).values(
            delivery_id=delivery_id,
            number=number,
            begun_at_ms=now_ms() - tried.took_ms,
            took_ms=tried.took_ms,
            status=tried.status,
            error=tried.error,
        )
    )
    session.exec(
        delete(Try).where(col(Try.delivery_id) == delivery_id, col(Try.number) <= number - TRIES_KEPT)
    )


def _consequence(outcome: Outcome) -> dict[str, object]:
    match outcome:
        case Delivered(status):
            return {"status": DeliveryStatus.DELIVERED, "last_result": str(status)}
        case RetryAt(delay_seconds, reason):
            return {"due_at_ms": now_ms() + round(delay_seconds * 1000), "last_result": reason}
        case GiveUp(reason):
            return {"status": DeliveryStatus.GIVEN_UP, "last_result": reason}
