"""The settings file of an installed service (`KEY=value` lines, as systemd reads them), for its commands."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

#: Where deploy/README.md puts it, and where else it is looked for.
PLACES = (Path("/etc/talkreel/talkreel.env"), Path("/etc/talkreel.env"))
#: Who sets one of these names a service of their own.
NAMES_A_SERVICE = frozenset({"DATA_DIR", "DATABASE_URL"})


class EnvFileUnusable(Exception):
    """The file can't be read; the message says which, and why."""


def load(path: Path) -> None:
    """Puts what the file sets into the environment, but for what is set there already.

    Raises:
        EnvFileUnusable
    """
    try:
        with path.open(encoding="utf-8") as lines:
            values = dotenv_values(stream=lines, interpolate=False)
    except (OSError, UnicodeDecodeError) as error:
        raise EnvFileUnusable(_unreadable(path, error)) from None
    for name, value in values.items():
        os.environ.setdefault(name, value or "")


def of_this_machine(
    places: Iterable[Path] = PLACES, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """The file of the service that is installed here, unless another one is named or was started here.

    Raises:
        EnvFileUnusable: it is somebody else's to read.
    """
    if NAMES_A_SERVICE & environment.keys() or Path("var", "talkreel.db").exists():
        return None
    return next(filter(_is_there, places), None)


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise EnvFileUnusable(_unreadable(path, error)) from None
    return True


def _unreadable(path: Path, error: OSError | UnicodeDecodeError) -> str:
    why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
    return (
        f"The settings in {path} can't be read ({why}). Ask as root or the service's user, or name "
        "another service: --env-file, DATA_DIR or DATABASE_URL."
    )
