"""What the application says to its database and to Valkey meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import takewhile
from typing import Any

import psycopg
from redis import Redis
from sqlalchemy import event

from app.database.database import Database


@contextmanager
def statements_of(database: Database) -> Iterator[list[str]]:
    """The SQL statements, values filled in on SQLite; BEGIN too, and on SQLite COMMIT and ROLLBACK."""
    heard: list[str] = []

    def listen(connection: Any, *_pooled: object) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.cursor_factory = _cursor_for(heard)
        else:
            connection.set_trace_callback(heard.append)

    def leave(connection: Any, *_pooled: object) -> None:
        if isinstance(connection, psycopg.Connection):
            connection.cursor_factory = psycopg.Cursor
        else:
            connection.set_trace_callback(None)

    event.listen(database.engine, "checkout", listen)
    event.listen(database.engine, "checkin", leave)
    yield heard
    event.remove(database.engine, "checkout", listen)
    event.remove(database.engine, "checkin", leave)


def _cursor_for(heard: list[str]) -> type[psycopg.Cursor[Any]]:
    class Heard(psycopg.Cursor[Any]):
        def execute(self, query: Any, *arguments: Any, **options: Any) -> Any:
            heard.append(str(query))
            return super().execute(query, *arguments, **options)

    return Heard


@contextmanager
def redis_commands(url: str) -> Iterator[list[str]]:
    """The commands that clients send; what a script does inside of Valkey isn't among them."""
    heard: list[str] = []
    with Redis.from_url(url) as marking, Redis.from_url(url) as watching:
        marking.ping()
        with watching.monitor() as monitor:
            yield heard
            marking.echo("the end")
            told = takewhile(lambda each: not each["command"].startswith("ECHO"), monitor.listen())
            heard += [each["command"].partition(" ")[0] for each in told if each["client_type"] != "lua"]
