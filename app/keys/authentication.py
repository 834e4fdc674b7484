"""Who is calling: the API key that was presented, found by its SHA-256."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import sqlalchemy
from sqlalchemy import and_, bindparam, or_, update
from sqlmodel import col, select

from app.core import clock
from app.database.database import Database, now_ms
from app.database.models import ApiKey, Job
from app.database.row_queries import Lookup, instances_of
from app.errors import DatabaseUnavailable, InvalidApiKey, MissingApiKey
from app.keys.api_keys import digest_of

#: When a key was last used is known to within this time.
USE_STEP_MS = 60_000

_IS_ACTIVE = (col(ApiKey.key_sha256) == bindparam("key_sha256"), col(ApiKey.revoked_at_ms).is_(None))
_IS_ITS_JOB = and_(
    col(Job.id) == bindparam("job_id"), col(Job.api_key_id) == ApiKey.id, col(Job.deleted_at_ms).is_(None)
)
_KEY, _JOB = instances_of(ApiKey), instances_of(Job)
_KEY_COLUMNS = len(select(ApiKey).selected_columns)


def _key_and_job(values: Sequence[Any]) -> tuple[ApiKey, Job | None]:
    key, job = values[:_KEY_COLUMNS], values[_KEY_COLUMNS:]
    return _KEY(key), _JOB(job) if job[0] is not None else None


_ACTIVE = Lookup(select(ApiKey).where(*_IS_ACTIVE), _KEY)
_ACTIVE_WITH_JOB = Lookup(
    sqlalchemy.select(ApiKey, Job).join(Job, _IS_ITS_JOB, isouter=True).where(*_IS_ACTIVE),
    _key_and_job,
)


def authenticate(database: Database, api_key: str | None) -> ApiKey:
    """The key's row. That it was used is noted.

    Raises:
        MissingApiKey, InvalidApiKey
    """
    digest = _presented(api_key)
    for key in database.look_up(_ACTIVE, key_sha256=digest):
        _admit(database, key, digest)
        return key
    raise InvalidApiKey


def authenticate_for(database: Database, api_key: str | None, job_id: str) -> tuple[ApiKey, Job | None]:
    """The same, and in the same round trip the job of this id, if it is the key's.

    Raises:
        MissingApiKey, InvalidApiKey
    """
    digest = _presented(api_key)
    for key, job in database.look_up(_ACTIVE_WITH_JOB, key_sha256=digest, job_id=job_id):
        _admit(database, key, digest)
        return key, job
    raise InvalidApiKey


def _presented(api_key: str | None) -> str:
    if not api_key:
        raise MissingApiKey
    return digest_of(api_key)


def _admit(database: Database, key: ApiKey, digest: str) -> None:
    if not hmac.compare_digest(key.key_sha256, digest):
        raise InvalidApiKey
    _note_use(database, key)


def _note_use(database: Database, key: ApiKey) -> None:
    """Not oftener than it matters, and in nobody's way: with the database busy, the next request does it."""
    if clock.now_seconds() * 1000 - (key.last_used_at_ms or 0) < USE_STEP_MS:
        return
    used_at_ms = col(ApiKey.last_used_at_ms)
    is_due = or_(used_at_ms.is_(None), used_at_ms < now_ms() - USE_STEP_MS)
    with suppress(DatabaseUnavailable), database.writing(waits=False) as session:
        session.exec(update(ApiKey).where(col(ApiKey.id) == key.id, is_due).values(last_used_at_ms=now_ms()))
