"""The service's gunicorn configuration, with heartbeats that tests can wait for."""

from __future__ import annotations

from app.web.server.gunicorn_conf import *  # noqa: F403 - gunicorn reads the names of this module
from app.web.views import events

events.HEARTBEAT_SECONDS = 0.5
