"""The schema in a new database: of SQLite, a copy of one that was migrated before."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from app.database import migrations
from app.database.database import Database


def migrate(database: Database) -> None:
    """What `migrations.upgrade` does, in a thirtieth of the time for SQLite."""
    path = database.engine.url.database
    if database.engine.dialect.name == "sqlite" and path and not Path(path).exists():
        Path(path).write_bytes(_migrated())
    else:
        migrations.upgrade(database)


@cache
def _migrated() -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "migrated.db"
        database = Database(f"sqlite:///{path}")
        migrations.upgrade(database)
        database.close()
        return path.read_bytes()


def migrate_at(url: str) -> None:
    """As `migrate`, for the database at an address."""
    database = Database(url)
    migrate(database)
    database.close()
