"""gunicorn's configuration, from our own settings: `gunicorn --config python:app.web.server.gunicorn_conf`.

Relies on details of gunicorn 27, which tests/upload holds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from app import logs
from app.config.settings import SettingsError
from app.config.startup import service_settings
from app.core import fd_limits
from app.database import migrations
from app.database.database import Database
from app.jobs import orphans
from app.web.server.slow_clients import MinRate

try:
    _settings = service_settings()
except SettingsError as error:
    raise SystemExit(str(error)) from None
logs.configure(_settings.log_format)

wsgi_app = "app.web.wsgi:application"
bind = (
    f"[{_settings.host}]:{_settings.port}" if ":" in _settings.host else f"{_settings.host}:{_settings.port}"
)
workers = _settings.web_workers
worker_class = "app.web.server.worker.BufferedHeadWorker"
threads = _settings.web_threads
#: Of each worker, besides those that wait for a job (MAX_STREAMS).
worker_connections = fd_limits.CONNECTIONS
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - heartbeats, in memory
#: Liveness of a worker's main loop, not of a request.
timeout = 30
#: The whole service stops within 10 s.
graceful_timeout = 7
keepalive = 15
accesslog = None
logger_class = "app.web.server.gunicorn_log.SharedLogger"
#: Its socket would lie in the home directory.
control_socket_disable = True
limit_request_line = 4096
limit_request_fields = 64
limit_request_field_size = 8190

PACE = MinRate()


def on_starting(server: Any) -> None:  # noqa: ARG001 - gunicorn calls it with itself
    """Once, before any worker: the schema, an orderly folder, and room for all connections."""
    fd_limits.raise_limit(_settings.max_streams)
    _settings.data_dir.mkdir(parents=True, exist_ok=True)
    database = Database(_settings.database_url)
    migrations.upgrade_or_exit(database)
    orphans.sweep_scratch(database, _settings.data_dir)
    database.close()


def post_worker_init(worker: Any) -> None:
    """Puts every connection of this worker under the pace."""
    worker.pace = PACE


def pre_request(worker: Any, req: Any) -> None:  # noqa: ARG001 - gunicorn calls it with both
    """The head is complete. `request_body` sends the `100 Continue`, once the body is wanted."""
    req._expected_100_continue = False
    req.unreader.sock.begin_body()


def post_request(worker: Any, req: Any, environ: Any, resp: Any) -> None:  # noqa: ARG001 - as above
    """The next bytes belong to another request."""
    req.unreader.sock.end_request()
