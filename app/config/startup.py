"""What every process of a service sees to before it does anything: that its settings can be used here."""

from __future__ import annotations

import os
from pathlib import Path

from app.config.settings import Settings, SettingsError


def service_settings() -> Settings:
    """The settings of a service that will run, or is spoken to, here.

    Raises:
        SettingsError: as Settings.load; or DATA_DIR is no folder that can be written to.
    """
    settings = Settings.load()
    if problem := data_dir_problem(settings.data_dir):
        raise SettingsError(f"The settings can't be used:\n  DATA_DIR={str(settings.data_dir)!r}: {problem}")
    return settings


def data_dir_problem(folder: Path) -> str | None:
    """Why the folder can't be used, or made; None if it can. Makes nothing."""
    nearest = folder
    while not os.path.lexists(nearest) and nearest != nearest.parent:
        nearest = nearest.parent
    try:
        is_folder = nearest.is_dir()
    except OSError as error:
        return f"{nearest} can't be looked at ({error.strerror})"
    if not is_folder:
        return "must be a folder" if nearest == folder else f"{nearest} is no folder"
    if not os.access(nearest, os.W_OK | os.X_OK):
        return f"{nearest} can't be written to by user {os.geteuid()}"
    return None
