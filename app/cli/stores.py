"""The doors that a command opens for itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from app.config.settings import Settings
from app.database import migrations
from app.database.database import Database
from app.errors import DatabaseUnavailable

NO_DATABASE = """\
There is no {path}: no service was ever started with these settings.
Name the service's: --env-file FILE, DATA_DIR or DATABASE_URL."""
NEW_DATABASE = (
    "{path} is new: only a service that is started with the same DATA_DIR or DATABASE_URL knows this key."
)


@contextmanager
def open_database(settings: Settings, *, may_make: bool = False) -> Iterator[Database]:
    """The database of these settings, with the schema that this version needs. Says which one it is.

    Raises:
        click.ClickException: it isn't there, can't be reached, or is a newer version's.
    """
    _announce(settings, may_make=may_make)
    with _sentences():
        database = Database(settings.database_url)
        try:
            migrations.upgrade(database)
            yield database
        finally:
            database.close()


def _announce(settings: Settings, *, may_make: bool) -> None:
    """On standard error: what is printed for programs stays as it is."""
    url = make_url(settings.database_url)
    path = Path(url.database or "")
    if url.drivername != "sqlite" or path.exists():
        click.echo(f"Database: {url.render_as_string()}", err=True)
    elif may_make:
        click.echo(NEW_DATABASE.format(path=path), err=True)
    else:
        raise click.ClickException(NO_DATABASE.format(path=path))


@contextmanager
def _sentences() -> Iterator[None]:
    try:
        yield
    except migrations.NewerSchema as error:
        raise click.ClickException(str(error)) from None
    except DatabaseUnavailable as error:
        raise click.ClickException(f"The database doesn't answer: {error.__cause__}") from None
    except DBAPIError as error:
        raise click.ClickException(f"The database can't be used: {error.orig}") from None
