"""The door to SQL: SQLite (WAL) on one machine, PostgreSQL beyond it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any, TypeVar

import psycopg
from sqlalchemy import BigInteger, Connection, Engine, text
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session

from app.database.engines import ILL_SERVER, MIN_CONNECTIONS, open_engine, without_limits
from app.database.row_queries import Lookup
from app.errors import CommitUnknown, DatabaseUnavailable

T = TypeVar("T")


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

    def __init__(self, url: str, connections: int = MIN_CONNECTIONS) -> None:
        """`connections`: how many threads may ask at once; that many can be open."""
        self.engine = open_engine(url, connections)
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
            except (*_LOST, *ILL_SERVER) as lost:
                connection.invalidate(lost)
                raise

    def check(self) -> None:
        """Asks the database for nothing.

        Raises:
            DatabaseUnavailable: it doesn't answer.
        """
        with self.reading() as session:
            session.connection().execute(text("SELECT 1"))

    @contextmanager
    def unhurried(self) -> Iterator[Connection]:
        """A connection of its own for what may take hours: none of the time limits of requests hold on it."""
        with _failing_as(DatabaseUnavailable), without_limits(self.engine).connect() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()


#: What SQLAlchemy says of a database that can't be asked, and what the drivers do.
_LOST = (
    OperationalError,
    InterfaceError,
    # Every connection of the pool is in use, and stays so.
    PoolTimeoutError,
    sqlite3.OperationalError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)


@contextmanager
def _failing_as(error: type[DatabaseUnavailable]) -> Iterator[None]:
    try:
        yield
    except (*_LOST, *ILL_SERVER) as lost:
        raise error from lost
    except InternalError as internal:
        if isinstance(internal.orig, ILL_SERVER):
            raise error from internal
        raise
