"""Ways in which a PostgreSQL can't be had that don't look like one: each is an outage, and passes."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import cast

import psycopg
import pytest
from sqlalchemy import text

from app.database import engines as module
from app.database.database import Database
from app.errors import DatabaseUnavailable
from tests.support.processes import free_ports
from tests.support.rows import add_job, change, job_row
from tests.support.schema import migrate
from tests.support.servers import Postgres


@pytest.fixture
def url(postgres_server: Postgres) -> str:
    return postgres_server.fresh_database()


@pytest.fixture
def opened(url: str) -> Iterator[Database]:
    with closing(Database(url)) as database:
        migrate(database)
        yield database


def test_a_server_that_has_become_read_only_is_unavailable_until_it_is_the_primary_again(
    opened: Database, url: str
) -> None:
    job_id = add_job(opened)
    _set_read_only(url, "on")
    opened.engine.dispose()  # as a failover does, which ends all connections

    with pytest.raises(DatabaseUnavailable):
        change(opened, job_id, progress=1)
    _set_read_only(url, "off")
    change(opened, job_id, progress=2)

    assert job_row(opened, job_id).progress == 2


def test_a_transaction_that_the_server_ended_for_idleness_is_unavailable(opened: Database) -> None:
    with pytest.raises(DatabaseUnavailable):
        _idle_within_a_transaction(opened)

    opened.check()


def test_a_pool_without_a_free_connection_is_unavailable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT_CONNECTIONS", 2)
    monkeypatch.setattr(module, "MIN_CONNECTIONS", 2)
    monkeypatch.setattr(module, "POOL_TIMEOUT_SECONDS", 0.2)
    with closing(Database(url, connections=2)) as database, ExitStack() as held:
        for _ in range(2):
            held.enter_context(database.reading()).connection()
        with pytest.raises(DatabaseUnavailable):
            database.check()

        held.close()
        database.check()


def test_as_many_threads_as_were_announced_are_served_at_once(url: str) -> None:
    threads = 48
    with closing(Database(url, connections=threads)) as database, ExitStack() as held:
        with ThreadPoolExecutor(threads) as pool:
            sessions = [database.reading() for _ in range(threads)]
            connected = list(pool.map(lambda one: held.enter_context(one).connection(), sessions))

        assert len({id(connection.connection.dbapi_connection) for connection in connected}) == threads


def test_nobody_at_the_address_is_unavailable() -> None:
    (port,) = free_ports(1)
    with (
        closing(Database(f"postgresql+psycopg://nobody@127.0.0.1:{port}/none")) as database,
        pytest.raises(DatabaseUnavailable),
    ):
        database.check()


def _set_read_only(url: str, state: str) -> None:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        name = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = {state}'.encode())


def _idle_within_a_transaction(database: Database) -> None:
    """Until the server ends the connection, which it tells by what there is to read."""
    with database.writing() as session:
        connection = session.connection()
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 50"))
        descriptor = cast(psycopg.Connection, connection.connection.dbapi_connection).fileno()
        assert module.has_something_to_read(descriptor, timeout_ms=10_000)
        connection.execute(text("SELECT 1"))
