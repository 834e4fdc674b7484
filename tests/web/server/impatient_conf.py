"""The service's gunicorn configuration, with a pace that tests can wait for."""

from __future__ import annotations

from app.web.server import gunicorn_conf
from app.web.server.gunicorn_conf import *  # noqa: F403 - gunicorn reads the names of this module
from app.web.server.slow_clients import MinRate

gunicorn_conf.PACE = MinRate(stall_seconds=1, grace_seconds=1.5, total_seconds=60)
