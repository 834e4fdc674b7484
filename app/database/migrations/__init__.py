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

from app.database.database import Database

#: Any number will do, as long as all processes use the same.
_ADVISORY_LOCK = 7_244_871


class NewerSchema(Exception):
    """The database was brought up to date by a newer version, which this one can't work with."""

    def __init__(self, revision: str) -> None:
        super().__init__(
            f"The database is newer than this program: its tables are those of {revision}, "
            "which is unknown here. Run the version that brought it up to date, or a newer one."
        )


def upgrade(database: Database) -> None:
    """Applies the migrations that are missing. Of several processes that start at once, one does it.

    Raises:
        NewerSchema: it has some that this version doesn't know.
    """
    with _one_at_a_time(database), database.unhurried() as connection:
        _require_known(connection)
        command.upgrade(config_on(connection), "head")
        connection.commit()


def upgrade_or_exit(database: Database) -> None:
    """As `upgrade`, for a process that ends with the sentence where it can't work with the schema."""
    try:
        upgrade(database)
    except NewerSchema as error:
        raise SystemExit(str(error)) from error


def is_current(database: Database) -> bool:
    """Whether the schema is the one that this version needs. Raises NewerSchema."""
    with database.engine.connect() as connection:
        _require_known(connection)
        head = ScriptDirectory.from_config(config_on(connection)).get_current_head()
        return MigrationContext.configure(connection).get_current_revision() == head


def _require_known(connection: Connection) -> None:
    known = {each.revision for each in ScriptDirectory.from_config(config_on(connection)).walk_revisions()}
    if unknown := set(MigrationContext.configure(connection).get_current_heads()) - known:
        raise NewerSchema(", ".join(sorted(unknown)))


def config_on(connection: Connection) -> Config:
    """Alembic, told of our migrations, on this connection."""
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
