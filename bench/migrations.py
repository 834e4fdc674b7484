"""What the migrations since a revision take on a large table of PostgreSQL.

    python -m bench.migrations [ROWS] [FROM_REVISION]

Fills `jobs` with ROWS (5 000 000) ended jobs at FROM_REVISION (0007), then runs the service's own upgrade.
Prints the seconds of each, and how many rows are there afterwards.
"""

from __future__ import annotations

import sys
import time
from contextlib import closing

from alembic import command
from sqlalchemy import Connection, text

from app.database import migrations
from app.database.database import Database
from tests.support.servers import postgres

ROWS, FROM_REVISION = 5_000_000, "0007"

KEY = "INSERT INTO api_keys (id, name, key_sha256, webhook_secret, max_active_jobs, created_at_ms, is_admin)"
KEY_VALUES = "VALUES ('ckey', 'bench', 'none', 'none', 1, 0, false)"
JOBS = """
INSERT INTO jobs (id, api_key_id, slot, status, motion_asked, image_type, audio_type, generation, attempts,
                  retries, phase, progress, notices, created_at_ms, updated_at_ms, share_token)
SELECT 'c' || lpad(n::text, 23, '0'), 'ckey', 0, 'COMPLETED', 'auto', 'image/png', 'audio/wav', 0, 1, 0,
       'done', 100, '[]', n, n, 's' || n
FROM generate_series(1, :rows) AS n
"""


def fill(connection: Connection, rows: int, revision: str) -> None:
    """The schema of `revision`, with so many jobs."""
    command.upgrade(migrations.config_on(connection), revision)
    connection.commit()
    connection.execute(text(f"{KEY} {KEY_VALUES}"))
    connection.execute(text(JOBS), {"rows": rows})
    connection.commit()


def main(arguments: list[str]) -> None:
    rows = int(arguments[0]) if arguments else ROWS
    revision = arguments[1] if len(arguments) > 1 else FROM_REVISION
    with postgres() as server, closing(Database(server.fresh_database())) as database:
        with database.unhurried() as connection:
            begun = time.monotonic()
            fill(connection, rows, revision)
        print(f"filled {rows} rows at {revision} in {time.monotonic() - begun:.1f} s", flush=True)
        begun = time.monotonic()
        migrations.upgrade(database)
        print(f"upgraded in {time.monotonic() - begun:.1f} s")
        with database.reading() as session:
            left = session.connection().execute(text("SELECT count(*) FROM jobs")).scalar_one()
        print(f"{left} rows are there; current: {migrations.is_current(database)}")


if __name__ == "__main__":
    main(sys.argv[1:])
