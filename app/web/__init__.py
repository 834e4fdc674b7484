"""The HTTP side: the only place that imports Flask. `create_app` is wiring only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.settings import Settings
from app.web import accounts, auth, connection, errors, headers, limits, query, reference
from app.web.assets import assets
from app.web.deletions import deletion
from app.web.health import health
from app.web.jobs import api
from app.web.keys import keys
from app.web.live import live
from app.web.metrics import measured
from app.web.operation import operation
from app.web.page import page
from app.web.services import EXTENSION, Services
from app.web.shares import shares
from app.web.usage import used
from app.web.videos import videos


def create_app(settings: Settings) -> Flask:
    """The WSGI application. Opens no connection yet."""
    app = _PlainFlask(__name__, static_folder=None)
    app.extensions[EXTENSION] = Services.of(settings)
    _trust(app, settings.trusted_proxies)
    accounts.register(app)
    headers.register(app, settings)
    errors.register(app)
    limits.register(app, settings)
    auth.register(app)
    query.register(app)
    connection.register(app)
    for blueprint in (
        health,
        api,
        deletion,
        live,
        keys,
        used,
        operation,
        measured,
        videos,
        shares,
        page,
        reference.reference,
        assets,
    ):
        app.register_blueprint(blueprint)
    reference.register(app, settings)
    return app


class _PlainFlask(Flask):
    """Has no coroutines, and doesn't ask ten functions at each request whether they are one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def _trust(app: Flask, proxies: int) -> None:
    """The client's address is the one that the outermost trusted proxy saw."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
