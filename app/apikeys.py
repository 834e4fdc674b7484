"""API keys: minted once, kept as SHA-256, found by it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from app import ids, signing
from app.database import Database, now_ms
from app.errors import InvalidApiKey, MissingApiKey
from app.lookups import Lookup
from app.models import ApiKey

PREFIX = "tr_"
#: The highest limit of jobs that a key may have active at once.
MAX_ACTIVE_JOBS = 100

_ACTIVE = Lookup(
    ApiKey,
    select(ApiKey).where(
        col(ApiKey.key_sha256) == bindparam("key_sha256"), col(ApiKey.revoked_at_ms).is_(None)
    ),
)


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


def mint(database: Database, name: str, *, max_active_jobs: int = 1) -> MintedKey:
    """Creates a key with its webhook secret, for 1 to MAX_ACTIVE_JOBS jobs at once."""
    minted = MintedKey(ids.new_id(), name, PREFIX + secrets.token_urlsafe(32), signing.new_webhook_secret())
    with database.writing() as session:
        session.add(
            ApiKey(
                id=minted.id,
                name=name,
                key_sha256=_digest(minted.api_key),
                webhook_secret=minted.webhook_secret,
                max_active_jobs=max_active_jobs,
                created_at_ms=session.exec(select(now_ms())).one(),
            )
        )
    return minted


def authenticate(database: Database, api_key: str | None) -> ApiKey:
    """The key's row.

    Raises:
        MissingApiKey, InvalidApiKey
    """
    if not api_key:
        raise MissingApiKey
    digest = _digest(api_key)
    found = database.look_up(_ACTIVE, key_sha256=digest)
    if not found or not hmac.compare_digest(found[0].key_sha256, digest):
        raise InvalidApiKey
    return found[0]


def listing(database: Database) -> list[ApiKey]:
    """All keys, oldest first."""
    with database.reading() as session:
        return list(session.exec(select(ApiKey).order_by(col(ApiKey.created_at_ms), col(ApiKey.id))))


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


def _digest(api_key: str) -> str:
    return hashlib.sha256(api_key.encode()).hexdigest()
