"""Idempotency keys: what comes again under its key is the same submission, and makes no second job.

See draft-ietf-httpapi-idempotency-key-header-07. A key is taken as it comes, with quotes if it has any.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete
from sqlmodel import Session, col, select

from app.database.database import Database, now_ms
from app.database.models import IdempotencyKey
from app.errors import IdempotencyKeyReused

#: How long a key is remembered.
LIFETIME_MS = 24 * 3_600_000


@dataclass(frozen=True)
class Claim:
    """A client's word that whatever comes under this key is what has this fingerprint."""

    key: str
    fingerprint: str


def is_known(database: Database, api_key_id: str, key: str) -> bool:
    """Whether a submission of this client was accepted under the key."""
    with database.reading() as session:
        return (
            session.exec(select(IdempotencyKey.job_id).where(_is_young(api_key_id, key))).first() is not None
        )


def first_job(database: Database, api_key_id: str, claim: Claim) -> str | None:
    """The job that was made under this key; None if there is none.

    Raises:
        IdempotencyKeyReused: it was made of something else.
    """
    with database.reading() as session:
        found = session.exec(select(IdempotencyKey).where(_is_young(api_key_id, claim.key))).first()
    if found is None:
        return None
    if found.fingerprint != claim.fingerprint:
        raise IdempotencyKeyReused
    return found.job_id


def record(session: Session, api_key_id: str, claim: Claim, job_id: str, created_at_ms: int) -> None:
    """Part of the transaction that makes the job. IntegrityError if a rival did so first."""
    of_old = and_(
        col(IdempotencyKey.api_key_id) == api_key_id, col(IdempotencyKey.key) == claim.key, _is_old()
    )
    session.exec(delete(IdempotencyKey).where(of_old))
    session.add(
        IdempotencyKey(
            api_key_id=api_key_id,
            key=claim.key,
            fingerprint=claim.fingerprint,
            job_id=job_id,
            created_at_ms=created_at_ms,
        )
    )


def forget_old(database: Database) -> int:
    """Frees the keys that are past their time. Returns how many."""
    with database.writing() as session:
        return session.exec(delete(IdempotencyKey).where(_is_old())).rowcount


def _is_old() -> ColumnElement[bool]:
    return col(IdempotencyKey.created_at_ms) <= now_ms() - LIFETIME_MS


def _is_young(api_key_id: str, key: str) -> ColumnElement[bool]:
    return and_(col(IdempotencyKey.api_key_id) == api_key_id, col(IdempotencyKey.key) == key, ~_is_old())
