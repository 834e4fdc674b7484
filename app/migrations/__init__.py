"""The schema, brought up to date by Alembic at start."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url

from app.database import Database

#: Any number will do, as long as all processes use the same.
_ADVISORY_LOCK = 7_244_871


def upgrade(database: Database) -> None:
    """Applies the migrations that are missing. Of several processes that start at once, one does it."""
    with _one_at_a_time(database), database.unhurried() as connection:
        command.upgrade(_config(connection), "head")
        connection.commit()


def is_current(database: Database) -> bool:
    """Whether the schema is the one that this version needs."""
    with database.engine.connect() as connection:
        head = ScriptDirectory.from_config(_config(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == head


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _one_at_a_time(database: Database) -> Iterator[None]:
    if database.engine.dialect.name == "sqlite":
        path = make_url(str(database.engine.url)).database
        with Path(f"{path}.migration-lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
    else:
        with database.unhurried() as connection:
            # Without a transaction: an idle one would hold back the server's clean-up all the while.
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.execute(text(f"SELECT pg_advisory_lock({_ADVISORY_LOCK})"))
            try:
                yield
            finally:
                alone.execute(text(f"SELECT pg_advisory_unlock({_ADVISORY_LOCK})"))
