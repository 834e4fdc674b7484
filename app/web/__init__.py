"""The HTTP side: the only place that imports Flask. `create_app` is wiring only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from app.config.settings import Settings
from app.web.http import access_log, auth, errors, headers
from app.web.http.context import EXTENSION, Services
from app.web.limits import rate_limit
from app.web.openapi import query
from app.web.server import early_answers
from app.web.views import docs
from app.web.views.assets import assets
from app.web.views.deletions import deletion
from app.web.views.health import health
from app.web.views.job_status import live
from app.web.views.jobs import api
from app.web.views.keys import keys
from app.web.views.metrics import measured
from app.web.views.operator import operation
from app.web.views.page import page
from app.web.views.shares import shares
from app.web.views.usage import used
from app.web.views.videos import videos


def create_app(settings: Settings) -> Flask:
    """The WSGI application. Opens no connection yet."""
    app = _PlainFlask(__name__, static_folder=None)
    app.extensions[EXTENSION] = Services.of(settings)
    _trust(app, settings.trusted_proxies)
    access_log.register(app)
    headers.register(app, settings)
    errors.register(app)
    rate_limit.register(app, settings)
    auth.register(app)
    query.register(app)
    early_answers.register(app)
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
        docs.reference,
        assets,
    ):
        app.register_blueprint(blueprint)
    docs.register(app, settings)
    return app


class _PlainFlask(Flask):
    """Has no coroutines, and doesn't ask ten functions at each request whether they are one."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def _trust(app: Flask, proxies: int) -> None:
    """The client's address is the one that the outermost trusted proxy saw."""
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies)  # type: ignore[method-assign]
