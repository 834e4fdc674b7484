"""The door to SQL: SQLite (WAL) on one machine, PostgreSQL beyond it."""

from __future__ import annotations

import os
import select
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import psycopg
from sqlalchemy import BigInteger, Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DisconnectionError, InterfaceError, OperationalError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from app.errors import CommitUnknown, DatabaseUnavailable
from app.lookups import Lookup

T = TypeVar("T")

#: How long a writer waits for another one, on SQLite.
BUSY_TIMEOUT_SECONDS = 10
#: How long a writer that doesn't wait does so, on PostgreSQL, whose 0 means for ever.
HASTY_TIMEOUT_MS = 50
#: Connections that stay open once they were needed, and those that come and go beside them. There are as many
#: as WEB_THREADS usually ask at once: any fewer, and most of the work under load would be to connect.
_POOL: dict[str, Any] = {"pool_size": 16, "max_overflow": 16, "pool_use_lifo": True}
POSTGRES_OPTIONS = (
    "-c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000 -c jit=off"
)


class now_ms(FunctionElement[int]):  # noqa: N801  (reads like the SQL function it is)
    """The database's clock: milliseconds since the Unix epoch."""

    type = BigInteger()
    inherit_cache = True


@compiles(now_ms, "sqlite")
def _now_on_sqlite(_element: now_ms, _compiler: SQLCompiler, **_options: Any) -> str:
    # unixepoch('subsec') would say it better, but needs SQLite 3.42.
    return "CAST(ROUND((julianday('now') - 2440587.5) * 86400000) AS INTEGER)"


@compiles(now_ms, "postgresql")
def _now_on_postgresql(_element: now_ms, _compiler: SQLCompiler, **_options: Any) -> str:
    return "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)"


class Database:
    """Sessions on one database. Safe to keep over a fork: the child begins with connections of its own."""

    def __init__(self, url: str) -> None:
        self.engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgresql_engine(url)
        # Numbers needn't be written out for us.
        self._cursor_options = {} if self.engine.dialect.name == "sqlite" else {"binary": True}
        self._writer = self.engine.execution_options(writes=True)
        self._hasty_writer = self.engine.execution_options(writes=True, hasty=True)
        os.register_at_fork(after_in_child=lambda: self.engine.dispose(close=False))

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that only reads.

        Raises:
            DatabaseUnavailable: it can't be reached, or stayed locked.
        """
        with self._session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self, *, waits: bool = True) -> Iterator[Session]:
        """A transaction: committed at the end, rolled back on an exception. Keep it short; never over I/O.

        With `waits=False` a locked database is unavailable at once.

        Raises:
            DatabaseUnavailable: it can't be reached, or stayed locked. Nothing is written.
            CommitUnknown: it was lost at the last step. All is written, or nothing.
        """
        with self._session(self._writer if waits else self._hasty_writer) as session:
            yield session
            session.flush()
            with _failing_as(CommitUnknown):
                session.commit()

    @contextmanager
    def _session(self, bind: Engine) -> Iterator[Session]:
        with _failing_as(DatabaseUnavailable), Session(bind, expire_on_commit=False) as session:
            yield session

    def look_up(self, lookup: Lookup[T], **values: Any) -> list[T]:
        """What a lookup finds for these values, in one round trip and without a transaction.

        Raises:
            DatabaseUnavailable: it can't be reached, or stayed locked.
        """
        with _failing_as(DatabaseUnavailable), closing(self.engine.raw_connection()) as connection:
            try:
                return lookup.run(connection.cursor(**self._cursor_options), self.engine.dialect, values)
            except _LOST as lost:
                connection.invalidate(lost)
                raise

    def check(self) -> None:
        """Asks the database for nothing.

        Raises:
            DatabaseUnavailable: it doesn't answer.
        """
        with self.reading() as session:
            session.connection().execute(text("SELECT 1"))

    def close(self) -> None:
        self.engine.dispose()


#: What SQLAlchemy says of a database that can't be asked, and what the drivers do.
_LOST = (
    OperationalError,
    InterfaceError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


@contextmanager
def _failing_as(error: type[DatabaseUnavailable]) -> Iterator[None]:
    try:
        yield
    except _LOST as lost:
        raise error from lost


def _postgresql_engine(url: str) -> Engine:
    engine = create_engine(
        url,
        **_POOL,
        pool_timeout=10,
        hide_parameters=True,
        # We have none, and each new process would look for it.
        use_native_hstore=False,
        connect_args={"connect_timeout": 5, "options": POSTGRES_OPTIONS, "autocommit": True},
    )
    event.listen(engine, "checkout", _refuse_dropped)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _refuse_dropped(connection: psycopg.Connection, *_pooled: object) -> None:
    """Has a connection replaced that the server has ended: only then an idle one has something to read.

    SQLAlchemy's `pool_pre_ping` asks the server, each time.
    """
    if connection.closed or _has_something_to_read(connection.fileno()):
        raise DisconnectionError


def _has_something_to_read(descriptor: int) -> bool:
    look = select.poll()
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(0))


def _begin_postgresql(connection: Connection) -> None:
    """Begins what is more than a lookup; the driver would leave each statement to itself."""
    connection.exec_driver_sql("BEGIN")
    if connection.get_execution_options().get("hasty", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {HASTY_TIMEOUT_MS}")


def _sqlite_engine(url: str) -> Engine:
    Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        **_POOL,
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: an accepted job survives a power cut, not only a crash of the process.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    """Begins what is more than a lookup; the driver would leave each statement to itself.

    A writer takes the lock at once: a read that turns into a write fails without waiting
    (SQLITE_BUSY_SNAPSHOT).
    """
    options = connection.get_execution_options()
    if options.get("hasty", False):
        _begin_at_once(connection)
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


def _begin_at_once(connection: Connection) -> None:
    connection.exec_driver_sql("PRAGMA busy_timeout = 0")
    try:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
