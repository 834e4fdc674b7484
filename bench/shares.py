"""What each part of a service on several machines takes: processor time, statements, commands, requests."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import psutil
import psycopg
import redis

from tests.storage.gateway import Gateway
from tests.support.processes import Server

#: A count or a number of seconds, by what it is of.
Costs = Mapping[str, float]

_STATEMENT = re.compile(rb"LOG:  (?:statement|execute)")


@dataclass(frozen=True)
class Meter:
    """Reads what all has come to so far. `parts` are the processes, by the name they are shown under."""

    parts: Mapping[str, Sequence[Server]]
    database_url: str
    redis_url: str
    gateway: Gateway
    postgres_log: Path

    def read(self) -> Costs:
        """Seconds, and for each part its milliseconds of processor time; then what was said to whom."""
        cpu = {name: sum(map(_cpu_ms, servers)) for name, servers in self.parts.items()}
        return {
            "seconds": time.monotonic(),
            **cpu,
            "SQL statements": len(_STATEMENT.findall(self.postgres_log.read_bytes())),
            "bytes of the database's log": self._wal_bytes(),
            "Valkey commands": self._commands(),
            "S3 requests": self.gateway.passed,
        }

    @contextmanager
    def counting_statements(self) -> Iterator[None]:
        """PostgreSQL writes down each statement meanwhile, which costs it processor time."""
        self._tell("ALTER SYSTEM SET log_statement = 'all'")
        yield
        self._tell("ALTER SYSTEM RESET log_statement")

    def ask(self, query: LiteralString, *values: Any) -> list[tuple[Any, ...]]:
        """What the database says."""
        with self.connect() as connection:
            return connection.execute(query, values).fetchall()

    def connect(self) -> psycopg.Connection:
        """A connection of the bench's own, whose statements don't count."""
        url, options = self.database_url.replace("+psycopg", ""), "-c log_statement=none"
        return psycopg.connect(url, options=options, autocommit=True, connect_timeout=5)

    def _tell(self, command: LiteralString) -> None:
        with self.connect() as connection:
            connection.execute(command)
            connection.execute("SELECT pg_reload_conf()")

    def _wal_bytes(self) -> float:
        ((written,),) = self.ask("SELECT pg_current_wal_insert_lsn() - '0/0'")
        return float(written)

    def _commands(self) -> int:
        with redis.Redis.from_url(self.redis_url, socket_timeout=5) as client:
            return int(client.info("stats")["total_commands_processed"])


def _cpu_ms(server: Server) -> float:
    """Of its whole family, with the children that are over and were waited for."""
    leader = psutil.Process(server.pid)
    return sum(1000 * sum(each.cpu_times()[:4]) for each in [leader, *leader.children(recursive=True)])


def per(spell: Costs, count: int, idle: Costs | None = None) -> Costs:
    """What one of so many took, beyond what the same seconds of idleness would have taken."""
    nothing = dict.fromkeys(spell, 0.0)
    idle_rates = {name: value / idle["seconds"] for name, value in idle.items()} if idle else nothing
    return {name: (spell[name] - idle_rates[name] * spell["seconds"]) / count for name in spell}


def between(before: Costs, after: Costs) -> Costs:
    return {name: after[name] - before[name] for name in after}
