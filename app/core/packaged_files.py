"""What comes with the program beside its packages: in a checkout at its root, or in a wheel as data."""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROCFILE = "Procfile"


class NotInstalled(Exception):
    """Something that the program needs isn't where it should be. Says so to an operator."""


def is_checkout() -> bool:
    """Whether this runs from a checkout, with the examples and the Makefile at hand."""
    return (ROOT / PROCFILE).is_file()


def procfile() -> Path:
    """The Procfile. Raises NotInstalled where it is in neither place."""
    return ROOT / PROCFILE if is_checkout() else _installed(PROCFILE)


def face_model_dir() -> Path:
    """Where the face models are looked for: the checkout's `models`, or the environment's own share."""
    return ROOT / "models" if is_checkout() else Path(sys.prefix) / "share" / "talkreel" / "models"


def remedy() -> str:
    """The command that brings what is missing, as it is called here."""
    return "make setup" if is_checkout() else "talkreel setup"


def _installed(name: str) -> Path:
    try:
        found = [file for file in files("talkreel") or () if file.name == name]
    except PackageNotFoundError:
        found = []
    if not found:
        raise NotInstalled(f"This installation of Talkreel has no {name}. Install it anew.")
    return Path(str(found[0].locate()))
