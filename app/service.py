"""The whole service on one machine: what `talkreel up` runs."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from types import FrameType

from honcho.printer import Printer

from app import apikeys, metricfiles, migrations, valkey
from app.apikeys import MintedKey
from app.children import Child
from app.database import Database
from app.listening import try_to_listen
from app.settings import Settings
from app.supervisor import Supervisor, procfile_children

PROCFILE = Path(__file__).parent.parent / "Procfile"

BANNER = """
  Talkreel is at {url}   (Ctrl-C stops it)
"""
FIRST_KEY = """
  Your first API key. It is shown this once:

    API key         {key.api_key}
    webhook secret  {key.webhook_secret}

  Open {url} and paste the key there, or try it here:

    curl -F image=@examples/portrait.jpg -F audio=@examples/voice.mp3 \\
         -H 'X-API-Key: {key.api_key}' {url}/api/jobs
"""


class CannotStart(Exception):
    """The service can't start here; the message says why."""


def run(settings: Settings) -> None:
    """Runs until SIGTERM or Ctrl-C, then drains and stops within 10 s.

    Raises:
        CannotStart: the port is taken.
    """
    _require_port(settings)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    metricfiles.clear(metricfiles.folder_of(settings.data_dir))
    first_key = _prepare(settings)
    supervisor = _supervisor(settings)
    _stop_on_signal(supervisor)
    print(BANNER.format(url=settings.public_url) + _welcome(settings, first_key), flush=True)
    supervisor.run()


def _require_port(settings: Settings) -> None:
    try:
        try_to_listen(settings.host, settings.port)
    except OSError as error:
        raise CannotStart(f"Can't listen on {settings.host}:{settings.port}: {error.strerror}.") from error


def _prepare(settings: Settings) -> MintedKey | None:
    """The schema, and a first key where there is none."""
    database = Database(settings.database_url)
    try:
        migrations.upgrade(database)
        return None if apikeys.listing(database) else apikeys.mint(database, "first")
    finally:
        database.close()


def _supervisor(settings: Settings) -> Supervisor:
    output = Printer(sys.stdout, width=len("sweeper.1"))
    first = []
    if settings.embeds_valkey:
        is_replaced = partial(valkey.is_running, settings)
        first.append(Child("valkey.1", valkey.command(settings), os.environ, output, is_replaced))
    counts = {"worker": settings.render_workers}
    return Supervisor(first, procfile_children(PROCFILE, counts, os.environ, output))


def _stop_on_signal(supervisor: Supervisor) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _welcome(settings: Settings, first_key: MintedKey | None) -> str:
    return FIRST_KEY.format(key=first_key, url=settings.public_url) if first_key else ""
