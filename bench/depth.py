"""How deep a list may be: the first and the last page of a million jobs of one key, among those of others.

    python -m bench.depth [ROWS]

Prints the median time of both pages by the application's own verb, their ratio, and the plan the database
makes for the last one. The rows are written by SQL.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import text

from app.core import pagination
from app.core.pagination import Cursor
from app.database import migrations
from app.database.database import Database
from app.jobs import queries
from app.keys import api_keys
from tests.support.servers import postgres

ROWS = 1_000_000
OTHER_KEYS = 9
#: Of each other key, for a hundred of the one that is measured.
OTHER_PERCENT = 1
PAGE = 20
TURNS = 300

_NUMBERS = {
    "sqlite": (
        "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < :rows - 1)"
        " SELECT i FROM n)"
    ),
    "postgresql": "(SELECT generate_series(0, CAST(:rows AS integer) - 1) AS i)",
}
_HEX = {"sqlite": "lower(hex(randomblob(12)))", "postgresql": "md5(random()::text)"}
_INSERT = """
INSERT INTO jobs (id, api_key_id, status, motion_asked, image_type, audio_type, generation, attempts, retries,
                  phase, progress, notices, created_at_ms, updated_at_ms)
SELECT 'a' || substr({hex}, 1, 23), :key, 'CANCELLED', 'auto', 'image/png', 'audio/ogg', 0, 0, 0,
       'done', 0, '[]', 1000000 + i * 10, 1000000 + i * 10 FROM {numbers} AS numbers
"""


def fill(database: Database, key_id: str, rows: int) -> None:
    """Adds ended jobs of the key, ten milliseconds apart."""
    kind = database.engine.dialect.name
    statement = text(_INSERT.format(hex=_HEX[kind], numbers=_NUMBERS[kind]))
    with database.engine.begin() as connection:
        if kind == "postgresql":
            connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(statement, {"key": key_id, "rows": rows})


def filled(database: Database, rows: int) -> str:
    """The id of a key with so many jobs, made after and before those of other keys."""
    migrations.upgrade(database)
    owner, *others = [api_keys.mint(database, f"key {n}").id for n in range(1 + OTHER_KEYS)]
    for key_id in (*others[::2], owner, *others[1::2]):
        fill(database, key_id, rows if key_id == owner else rows * OTHER_PERCENT // 100)
    with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE"))
    return owner


def page(database: Database, owner: str, cursor: str | None) -> queries.Page:
    return queries.page(database, owner=owner, limit=PAGE, cursor=cursor, status=None)


def milliseconds(database: Database, owner: str, cursor: str | None) -> float:
    began_at = time.perf_counter()
    page(database, owner, cursor)
    return (time.perf_counter() - began_at) * 1000


def last_cursor() -> str:
    """Behind it are the oldest `PAGE` jobs."""
    return pagination.encode(Cursor(1_000_000 + PAGE * 10 - 1, "a" * 24))


def report(name: str, database: Database, rows: int) -> None:
    owner, cursor = filled(database, rows), last_cursor()
    assert len(page(database, owner, cursor).jobs) == PAGE
    turns = [
        (milliseconds(database, owner, None), milliseconds(database, owner, cursor)) for _ in range(TURNS)
    ]
    first, last = (statistics.median(times) for times in zip(*turns, strict=True))
    print(f"{name:14}{rows:>10}{first:12.2f}{last:12.2f}{last / first:10.2f}   {index_of(database, owner)}")


def index_of(database: Database, owner: str) -> str:
    """Which index the database says that it takes for the last page, and nothing beside it."""
    statement = (
        "SELECT * FROM jobs WHERE api_key_id = :owner AND (created_at_ms, id) < (1000200, 'a')"
        " ORDER BY created_at_ms DESC, id DESC LIMIT 21"
    )
    word = "EXPLAIN QUERY PLAN" if database.engine.dialect.name == "sqlite" else "EXPLAIN"
    with database.engine.connect() as connection:
        lines = [str(row[-1]) for row in connection.execute(text(f"{word} {statement}"), {"owner": owner})]
    return "; ".join(line.strip() for line in lines)


def main(rows: int = ROWS) -> None:
    print(f"{'':14}{'rows':>10}{'first ms':>12}{'last ms':>12}{'ratio':>10}   plan of the last")
    with ExitStack() as running:
        folder = running.enter_context(tempfile.TemporaryDirectory())
        urls = {
            "SQLite": f"sqlite:///{Path(folder) / 'bench.db'}",
            "PostgreSQL": running.enter_context(postgres()).fresh_database(),
        }
        for name, url in urls.items():
            database = Database(url)
            report(name, database, rows)
            database.close()


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:2]))
