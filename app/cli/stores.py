"""The doors that a command opens for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from app import migrations
from app.database import Database
from app.settings import Settings


@contextmanager
def open_database(settings: Settings) -> Iterator[Database]:
    """The database of these settings, with the schema that this version needs."""
    database = Database(settings.database_url)
    try:
        migrations.upgrade(database)
        yield database
    finally:
        database.close()
