"""The whole service on one machine: what `talkreel up` runs."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from importlib import import_module
from types import FrameType

from honcho.printer import Printer
from sqlalchemy.exc import DBAPIError

from app.config.settings import Settings
from app.core import machine, packaged_files
from app.core.ports import try_to_listen
from app.database import migrations
from app.database.database import Database
from app.errors import DatabaseUnavailable
from app.keys import api_keys
from app.keys.api_keys import MintedKey
from app.launcher import embedded_valkey
from app.launcher.child_process import Child
from app.launcher.programs import execute
from app.launcher.supervisor import Supervisor, procfile_children
from app.metrics import multiprocess
from app.operations import readiness

BANNER = """
  Talkreel is at {url}   (Ctrl-C stops it)
"""
GUESSED_URL = """
  It listens at every address of this machine, and its links begin with {url}.
  Where clients know it by another address, set PUBLIC_URL to that.
"""
NO_MODELS = """
  The face models are missing: pictures will stand still. `{remedy}` brings them.
"""
FIRST_KEY = """
  Your first API key, an admin's. It is shown this once:

    API key         {key.api_key}
    webhook secret  {key.webhook_secret}

  Open {url} and paste the key there, or try it here:

    curl -F image=@{examples}portrait.jpg -F audio=@{examples}voice.mp3 \\
         -H 'X-API-Key: {key.api_key}' {url}/api/jobs
"""


#: What gunicorn's processes would each import for themselves, once they are forked.
PRELOADED = ("app.web", "gunicorn.workers.gthread")


class CannotStart(Exception):
    """The service can't start here; the message says why."""


def run(settings: Settings) -> None:
    """Runs until SIGTERM or Ctrl-C, then drains and stops within 10 s.

    Raises:
        CannotStart: the port is taken, the database can't be used, or a part of the program is missing.
    """
    _require_port(settings)
    _make_room(settings)
    # A key that is made is shown: whatever else may fail comes before.
    supervisor = _supervisor(settings)
    first_key = _prepare(settings)
    _stop_on_signal(supervisor)
    print(_greeting(settings) + _welcome(settings, first_key), flush=True)
    supervisor.run()


def _require_port(settings: Settings) -> None:
    try:
        try_to_listen(settings.host, settings.port)
    except OSError as error:
        raise CannotStart(f"Can't listen on {settings.host}:{settings.port}: {error.strerror}.") from error


def _make_room(settings: Settings) -> None:
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        multiprocess.clear(multiprocess.folder_of(settings.data_dir))
    except OSError as error:
        raise CannotStart(f"DATA_DIR can't be used: {error.filename}: {error.strerror}.") from error


def _prepare(settings: Settings) -> MintedKey | None:
    """The schema, and a first key where there is none."""
    database = Database(settings.database_url)
    try:
        migrations.upgrade(database)
        return None if api_keys.listing(database) else api_keys.mint(database, "first", is_admin=True)
    except migrations.NewerSchema as error:
        raise CannotStart(str(error)) from error
    except (DatabaseUnavailable, DBAPIError) as error:
        raise CannotStart(f"The database can't be used: {error.__cause__}") from error
    finally:
        database.close()


def _supervisor(settings: Settings) -> Supervisor:
    output = Printer(sys.stdout, width=len("sweeper.1"))
    first = []
    if settings.embeds_valkey:
        is_replaced = partial(embedded_valkey.is_running, settings)
        serve = partial(execute, embedded_valkey.command(settings))
        first.append(Child("valkey.1", serve, os.environ, output, is_replaced))
    for module in PRELOADED:
        import_module(module)
    counts = {"worker": settings.render_workers}
    # Their output comes to us: only we know whether it ends on a terminal.
    environment = {**os.environ, "LOG_FORMAT": settings.log_format}
    try:
        return Supervisor(first, procfile_children(packaged_files.procfile(), counts, environment, output))
    except packaged_files.NotInstalled as error:
        raise CannotStart(str(error)) from error


def _stop_on_signal(supervisor: Supervisor) -> None:
    def stop(_signal: int, _frame: FrameType | None) -> None:
        supervisor.ask_to_stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)


def _greeting(settings: Settings) -> str:
    url, folder = settings.public_url, settings.face_model_dir
    greeting = BANNER.format(url=url)
    if machine.listens_everywhere(settings.host) and "public_url" not in settings.model_fields_set:
        greeting += GUESSED_URL.format(url=url)
    if readiness.problem_of(lambda: readiness.check_face_models(folder)):
        greeting += NO_MODELS.format(remedy=packaged_files.remedy())
    return greeting


def _welcome(settings: Settings, first_key: MintedKey | None) -> str:
    if first_key is None:
        return ""
    examples = "examples/" if packaged_files.is_checkout() else ""
    return FIRST_KEY.format(key=first_key, url=settings.public_url, examples=examples)
