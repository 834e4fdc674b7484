"""Rows for the tests of the verbs, and what became of them."""

from __future__ import annotations

from typing import Any

from sqlmodel import col, select, update

from app.core import ids
from app.database.database import Database, now_ms
from app.database.models import ApiKey, Delivery, IdempotencyKey, Job, Try
from app.domain.states import JobStatus, MotionMade, Phase
from app.domain.video_facts import VideoFacts
from app.domain.warnings import Notice
from app.jobs import deletions
from app.jobs.deletions import Deletion, Keeping
from app.jobs.idempotency import LIFETIME_MS
from app.jobs.leases import Lease, Outcome, claim, complete
from app.keys import api_keys
from app.keys.api_keys import MintedKey
from app.media.media_types import MediaType
from app.schemas.jobs import Links
from app.storage.stores import Storage
from app.webhooks import deliveries
from app.webhooks.retry_policy import ClaimedDelivery, Delivered, DeliveryAttempt, GiveUp, RetryAt

HOOK = "https://hook.test/here"
LINKS = Links("https://talkreel.test", b"k" * 32, 3600)
OUTCOME = Outcome(
    VideoFacts(MotionMade.STILL, [Notice("no_face", "No face.")], duration_seconds=1.5, width=64, height=48),
    video_bytes=4_000,
)
KEEPING = Keeping(deleted_hours=72, retention_days=30)

#: What tries came to.
DELIVERED = DeliveryAttempt(Delivered(204), 204, None, 12)
FAILED = DeliveryAttempt(RetryAt(300, "http_500"), 500, None, 34)
UNANSWERED = DeliveryAttempt(RetryAt(300, "timeout"), None, "timeout", 15_000)
GIVEN_UP = DeliveryAttempt(GiveUp("http_410"), 410, None, 56)


def add_key(database: Database) -> MintedKey:
    return api_keys.mint(database, "somebody")


def add_job(database: Database, **values: Any) -> str:
    """A pending job of a new key with a webhook, unless `values` say otherwise. Returns its id."""
    job_id, key = ids.new_id(), add_key(database)
    with database.writing() as session:
        now = session.exec(select(now_ms())).one()
        known: dict[str, Any] = {
            "api_key_id": key.id,
            "status": JobStatus.PENDING,
            "webhook_url": HOOK,
            "image_type": MediaType.PNG,
            "audio_type": MediaType.WAV,
            "phase": Phase.QUEUED,
            "created_at_ms": now,
            "updated_at_ms": now,
        }
        session.add(Job(id=job_id, **{**known, **values}))
    return job_id


def claimed(database: Database, **values: Any) -> Lease:
    """A new job in the hands of a worker."""
    lease = claim(database, add_job(database, **values), 0, lease_seconds=15)
    assert lease is not None
    return lease


def ended(database: Database, url: str = HOOK, **values: Any) -> str:
    """A job that just completed; returns its id."""
    lease = claimed(database, webhook_url=url, **values)
    assert complete(database, lease, OUTCOME, LINKS)
    return lease.job.id


def deleted(
    database: Database, storage: Storage, job_id: str, keeping: Keeping = KEEPING, *, permanent: bool = False
) -> Deletion:
    """Deletes a job that has ended, as its owner."""
    owner = job_row(database, job_id).api_key_id
    deletion = deletions.delete(database, storage, job_id, owner=owner, keeping=keeping, permanent=permanent)
    assert deletion is not None
    return deletion


def change(database: Database, job_id: str, **values: Any) -> None:
    with database.writing() as session:
        session.exec(update(Job).where(col(Job.id) == job_id).values(**values))


def let_run_out(database: Database, lease: Lease) -> None:
    """As if the worker had been silent for longer than its lease."""
    change(database, lease.job.id, lease_until_ms=now_ms() - 1)


def job_row(database: Database, job_id: str) -> Job:
    with database.reading() as session:
        return session.exec(select(Job).where(Job.id == job_id)).one()


def settled(database: Database, job_id: str) -> bool:
    """Whether a job isn't deleted, or is so for good."""
    with database.reading() as session:
        return not session.exec(
            select(Job.id).where(Job.id == job_id, col(Job.deleted_at_ms).is_not(None))
        ).all()


def delivery_rows(database: Database) -> list[Delivery]:
    with database.reading() as session:
        return list(session.exec(select(Delivery).order_by(col(Delivery.due_at_ms))))


def change_delivery(database: Database, delivery_id: str, **values: Any) -> None:
    with database.writing() as session:
        session.exec(update(Delivery).where(col(Delivery.id) == delivery_id).values(**values))


def due(
    database: Database, limit: int = 10, full_hosts: frozenset[str] = frozenset()
) -> list[ClaimedDelivery]:
    return deliveries.claim_due(database, limit, full_hosts)


def tries_of(database: Database, delivery_id: str) -> list[Try]:
    with database.reading() as session:
        return list(session.exec(select(Try).where(Try.delivery_id == delivery_id).order_by(col(Try.number))))


def let_a_day_pass(database: Database) -> None:
    """For every idempotency key."""
    with database.writing() as session:
        session.exec(update(IdempotencyKey).values(created_at_ms=IdempotencyKey.created_at_ms - LIFETIME_MS))


def change_key(database: Database, key_id: str, **values: Any) -> None:
    with database.writing() as session:
        session.exec(update(ApiKey).where(col(ApiKey.id) == key_id).values(**values))


def key_row(database: Database, key_id: str) -> ApiKey:
    with database.reading() as session:
        return session.exec(select(ApiKey).where(ApiKey.id == key_id)).one()
