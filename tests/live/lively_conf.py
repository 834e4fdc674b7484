"""The service's gunicorn configuration, with heartbeats that tests can wait for."""

from __future__ import annotations

from app.web import events
from app.web.gunicorn_conf import *  # noqa: F403 - gunicorn reads the names of this module

events.HEARTBEAT_SECONDS = 0.5
