"""When a key was last used, on both databases: known to the minute, and in nobody's way."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text
from sqlmodel import col, update

from app.database.database import Database, now_ms
from app.database.engines import BUSY_TIMEOUT_SECONDS
from app.database.models import ApiKey
from app.errors import DatabaseUnavailable
from app.keys import authentication
from app.keys.api_keys import MintedKey
from tests.support.rows import add_key, change_key, key_row


@pytest.fixture
def key(database: Database) -> MintedKey:
    return add_key(database)


def last_used_ms(database: Database, key: MintedKey) -> int | None:
    return key_row(database, key.id).last_used_at_ms


def test_the_first_use_is_noted(database: Database, key: MintedKey) -> None:
    authentication.authenticate(database, key.api_key)

    row = key_row(database, key.id)
    assert row.last_used_at_ms is not None
    assert row.last_used_at_ms >= row.created_at_ms


def test_within_a_minute_nothing_is_written(database: Database, key: MintedKey) -> None:
    authentication.authenticate(database, key.api_key)
    noted = last_used_ms(database, key)

    authentication.authenticate(database, key.api_key)

    assert last_used_ms(database, key) == noted


def test_after_a_minute_it_is_noted_again(database: Database, key: MintedKey) -> None:
    change_key(database, key.id, last_used_at_ms=now_ms() - authentication.USE_STEP_MS - 1)
    noted = last_used_ms(database, key)

    authentication.authenticate(database, key.api_key)

    assert (last_used_ms(database, key) or 0) > (noted or 0)


def test_a_locked_database_lets_the_request_through_at_once(database: Database, key: MintedKey) -> None:
    begun_at = time.monotonic()
    with database.writing() as session:
        session.exec(update(ApiKey).where(col(ApiKey.id) == key.id).values(name="held"))

        assert authentication.authenticate(database, key.api_key).id == key.id

    assert time.monotonic() - begun_at < BUSY_TIMEOUT_SECONDS / 2, "it waited for the lock"
    assert last_used_ms(database, key) is None
    authentication.authenticate(database, key.api_key)
    assert last_used_ms(database, key) is not None


def test_who_didn_t_wait_leaves_the_connection_as_patient_as_before(
    database: Database, key: MintedKey
) -> None:
    with database.writing() as session:
        session.exec(update(ApiKey).where(col(ApiKey.id) == key.id).values(name="held"))
        with pytest.raises(DatabaseUnavailable), database.writing(waits=False) as hasty:
            hasty.exec(update(ApiKey).where(col(ApiKey.id) == key.id).values(name="hasty"))

    setting = {"sqlite": "PRAGMA busy_timeout", "postgresql": "SHOW lock_timeout"}
    for _ in range(2):
        with database.reading() as session:
            left = session.connection().execute(text(setting[database.engine.dialect.name])).scalar_one()
        assert left in (BUSY_TIMEOUT_SECONDS * 1000, f"{BUSY_TIMEOUT_SECONDS}s")
