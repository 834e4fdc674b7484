"""API keys: minted once, kept as SHA-256; and what their admins do with them."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import tuple_, update
from sqlmodel import col, select

from app.core import ids, pagination, signing
from app.core.pagination import Cursor
from app.database.database import Database, now_ms
from app.database.models import ApiKey
from app.errors.keys import KeyNotFound, OwnKey

PREFIX = "tr_"
#: So much of a key is kept to tell it by. The rest has over 200 random bits.
SHOWN_CHARACTERS = 8
#: The highest limit of jobs that a key may have active at once.
MAX_ACTIVE_JOBS = 100


@dataclass(frozen=True)
class MintedKey:
    """A new key. `api_key` can't be shown again."""

    id: str
    name: str
    api_key: str
    webhook_secret: str


@dataclass(frozen=True)
class RotatedSecret:
    """A new webhook secret, and until when the one before it signs too."""

    webhook_secret: str
    previous_until_ms: int


@dataclass(frozen=True)
class Page:
    """Keys, newest first, and the cursor of the next page if there is one."""

    keys: Sequence[ApiKey]
    next_cursor: str | None


def mint(
    database: Database,
    name: str,
    *,
    max_active_jobs: int = 1,
    monthly_quota_seconds: int | None = None,
    is_admin: bool = False,
) -> MintedKey:
    """Creates a key with its webhook secret, for 1 to MAX_ACTIVE_JOBS jobs at once."""
    minted = MintedKey(ids.new_id(), name, PREFIX + secrets.token_urlsafe(32), signing.new_webhook_secret())
    with database.writing() as session:
        session.add(
            ApiKey(
                id=minted.id,
                name=name,
                key_sha256=digest_of(minted.api_key),
                webhook_secret=minted.webhook_secret,
                max_active_jobs=max_active_jobs,
                prefix=minted.api_key[:SHOWN_CHARACTERS],
                is_admin=is_admin,
                monthly_quota_seconds=monthly_quota_seconds,
                created_at_ms=session.exec(select(now_ms())).one(),
            )
        )
    return minted


def get(database: Database, key_id: str) -> ApiKey:
    """A key by its id, also a revoked one.

    Raises:
        KeyNotFound
    """
    with database.reading() as session:
        key = session.get(ApiKey, key_id)
    if key is None:
        raise KeyNotFound
    return key


def listing(database: Database) -> list[ApiKey]:
    """All keys, oldest first."""
    with database.reading() as session:
        return list(session.exec(select(ApiKey).order_by(col(ApiKey.created_at_ms), col(ApiKey.id))))


def page(database: Database, *, limit: int, cursor: str | None) -> Page:
    """One page of all keys, newest first, by keyset.

    Raises:
        InvalidCursor
    """
    query = select(ApiKey).order_by(col(ApiKey.created_at_ms).desc(), col(ApiKey.id).desc()).limit(limit + 1)
    if cursor is not None:
        after = pagination.decode(cursor)
        query = query.where(
            tuple_(col(ApiKey.created_at_ms), col(ApiKey.id)) < (after.created_at_ms, after.row_id)
        )
    with database.reading() as session:
        found = session.exec(query).all()
    last = found[limit - 1] if len(found) > limit else None
    return Page(found[:limit], pagination.encode(Cursor(last.created_at_ms, last.id)) if last else None)


def change(database: Database, key_id: str, values: Mapping[str, object]) -> ApiKey:
    """Writes these columns of an active key: its name, its limits.

    Raises:
        KeyNotFound
    """
    changed = update(ApiKey).where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at_ms).is_(None))
    with database.writing() as session:
        # With nothing to write there is still a row to answer with.
        written = changed.values({"name": ApiKey.name, **values}).returning(ApiKey)
        key: ApiKey | None = session.exec(written).scalars().first()
    if key is None:
        raise KeyNotFound
    return key


def revoke_other(database: Database, key_id: str, *, by: str) -> None:
    """Deactivates a key at the asking of another, which stays: one admin is left.

    Raises:
        OwnKey, KeyNotFound
    """
    if key_id == by:
        raise OwnKey
    if not revoke(database, key_id):
        raise KeyNotFound


def revoke(database: Database, key_id: str) -> bool:
    """Deactivates a key; False when there is no such active key. Its accepted jobs still end."""
    with database.writing() as session:
        revoked = session.exec(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at_ms).is_(None))
            .values(revoked_at_ms=now_ms())
        )
    return revoked.rowcount == 1


def rotate_secret(database: Database, key_id: str, *, grace_seconds: int) -> RotatedSecret | None:
    """Gives a key a new webhook secret; None when there is no such active key.

    The present secret goes on signing beside it for `grace_seconds`. One that was replaced before it no more.
    """
    secret = signing.new_webhook_secret()
    with database.writing() as session:
        until_ms = session.exec(
            update(ApiKey)
            .where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at_ms).is_(None))
            .values(
                webhook_secret=secret,
                previous_webhook_secret=ApiKey.webhook_secret,
                previous_until_ms=now_ms() + grace_seconds * 1000,
            )
            .returning(col(ApiKey.previous_until_ms))
        ).scalar()
    return None if until_ms is None else RotatedSecret(secret, until_ms)


def digest_of(api_key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(api_key.encode()).hexdigest()
