"""Retention: what has had its time goes, rows first and then files."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import and_, delete
from sqlmodel import col, select

from app.database.database import Database, now_ms
from app.database.models import Delivery, Job
from app.domain.states import TERMINAL, DeliveryStatus
from app.jobs import queries
from app.storage.stores import Storage

BATCH = 100
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def incoming_of(data_dir: Path) -> Path:
    """Where uploads are on their way in; each has a folder, gone within the upload's deadline."""
    return data_dir / "incoming"


def work_of(data_dir: Path) -> Path:
    """Where attempts and helpers are at work; each has a folder named `<job id>-<lease token>`."""
    return data_dir / "work"


def expire(database: Database, storage: Storage, *, retention_days: int) -> int:
    """Removes up to BATCH jobs that ended `retention_days` ago, rows first, then files; and old deliveries.

    Returns how many of that of which there were more.
    """
    if retention_days == 0:
        return 0
    before_ms = now_ms() - retention_days * DAY_MS
    is_past = and_(col(Job.status).in_(sorted(TERMINAL)), col(Job.updated_at_ms) < before_ms)
    is_told = and_(col(Delivery.status) != DeliveryStatus.PENDING, col(Delivery.updated_at_ms) < before_ms)
    with database.writing() as session:
        # The conditions stand twice: what an operator retries meanwhile stays.
        old = select(Job.id).where(is_past).limit(BATCH)
        removed = session.exec(delete(Job).where(col(Job.id).in_(old), is_past).returning(col(Job.id)))
        job_ids = list(removed.scalars())
        told = select(Delivery.id).where(is_told).limit(BATCH)
        deliveries = session.exec(delete(Delivery).where(col(Delivery.id).in_(told), is_told)).rowcount
    for job_id in job_ids:
        queries.discard_all(storage, job_id)
    return max(len(job_ids), deliveries)
