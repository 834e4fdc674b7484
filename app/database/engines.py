"""SQLAlchemy engines for both databases: their pools, their limits, and how a transaction begins."""

from __future__ import annotations

import select
import sqlite3
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.interfaces import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import NullPool

#: As many as the threads of a small service ask at once: any fewer, and most of the work under load would be
#: to connect. They stay open once they were needed; more than these come and go.
KEPT_CONNECTIONS, MIN_CONNECTIONS = 16, 32
#: How long a thread waits for a connection.
POOL_TIMEOUT_SECONDS = 10.0
#: How long a writer waits for another one, on SQLite.
BUSY_TIMEOUT_SECONDS = 10
#: How long a writer that doesn't wait does so, on PostgreSQL, whose 0 means for ever.
HASTY_TIMEOUT_MS = 50
POSTGRES_OPTIONS = (
    "-c statement_timeout=15000 -c lock_timeout=10000 -c idle_in_transaction_session_timeout=30000 -c jit=off"
)


UNHURRIED_OPTIONS = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0"

#: What PostgreSQL calls invalid transaction states (SQLSTATE class 25), though it is the server that isn't to
#: be had: it has become read-only in a failover, or ended our connection.
ILL_SERVER = (psycopg.errors.ReadOnlySqlTransaction, psycopg.errors.IdleInTransactionSessionTimeout)


def open_engine(url: str, connections: int) -> Engine:
    """An engine on the database at `url`, of which so many connections can be open at once."""
    pool = _pool(connections)
    return _sqlite_engine(url, pool) if url.startswith("sqlite") else _postgresql_engine(url, pool)


def without_limits(engine: Engine) -> Engine:
    """One on the same database for what may take hours: none of the time limits of requests hold on it."""
    if engine.dialect.name == "sqlite":
        return engine
    arguments = {"connect_timeout": 5, "options": UNHURRIED_OPTIONS}
    return create_engine(engine.url, poolclass=NullPool, connect_args=arguments)


def _pool(connections: int) -> dict[str, Any]:
    overflow = max(MIN_CONNECTIONS, connections) - KEPT_CONNECTIONS
    return {"pool_size": KEPT_CONNECTIONS, "max_overflow": overflow, "pool_use_lifo": True}


def _forget_ill_servers(context: ExceptionContext) -> None:
    """Has the pool connect anew, to whichever server is the primary by now."""
    if isinstance(context.original_exception, ILL_SERVER):
        context.is_disconnect = True


def _postgresql_engine(url: str, pool: dict[str, Any]) -> Engine:
    engine = create_engine(
        url,
        **pool,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        hide_parameters=True,
        # We have none, and each new process would look for it.
        use_native_hstore=False,
        connect_args={"connect_timeout": 5, "options": POSTGRES_OPTIONS, "autocommit": True},
    )
    event.listen(engine, "handle_error", _forget_ill_servers)
    event.listen(engine, "checkout", _refuse_dropped)
    event.listen(engine, "begin", _begin_postgresql)
    return engine


def _refuse_dropped(connection: psycopg.Connection, *_pooled: object) -> None:
    """Has a connection replaced that the server has ended: only then an idle one has something to read.

    SQLAlchemy's `pool_pre_ping` asks the server, each time.
    """
    if connection.closed or has_something_to_read(connection.fileno()):
        raise DisconnectionError


def has_something_to_read(descriptor: int, timeout_ms: int = 0) -> bool:
    """Whether the server has said something, or does within the time."""
    look = select.poll()
    look.register(descriptor, select.POLLIN)
    return bool(look.poll(timeout_ms))


def _begin_postgresql(connection: Connection) -> None:
    """Begins what is more than a lookup; the driver would leave each statement to itself."""
    connection.exec_driver_sql("BEGIN")
    if connection.get_execution_options().get("hasty", False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {HASTY_TIMEOUT_MS}")


def _sqlite_engine(url: str, pool: dict[str, Any]) -> Engine:
    Path(make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        **pool,
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
