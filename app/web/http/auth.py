"""Who is asking: the key from `X-API-Key`, or from `Authorization: Bearer`."""

from __future__ import annotations

import hmac
from typing import cast

from flask import Flask, g, request

from app.core import ids
from app.database.models import ApiKey, Job
from app.errors import ApiError
from app.errors.keys import AdminRequired
from app.keys import authentication
from app.web.http.context import services

OPEN_PATHS = frozenset({"/api/health", "/api/openapi.json"})
#: Their job is looked up together with the key.
JOB_ENDPOINTS = frozenset({"live.status", "live.events"})


def register(app: Flask) -> None:
    """Asks for a key on every path below /api, also on those that lead nowhere."""
    app.before_request(_require_key)


def needs_key(path: str) -> bool:
    """Whether a request to this path has to carry a key."""
    return path.startswith("/api/") and path not in OPEN_PATHS


def caller() -> ApiKey:
    """The key of the current request."""
    return cast(ApiKey, g.api_key)


def require_admin() -> None:
    """Raises AdminRequired unless the current request's key is an admin's."""
    if not caller().is_admin:
        raise AdminRequired


def asked_job() -> Job | None:
    """The job that the current request, to one of JOB_ENDPOINTS, names; None if it isn't the caller's."""
    return cast(Job | None, g.asked_job)


def _require_key() -> None:
    if not needs_key(request.path):
        return
    database, job_id = services().database, (request.view_args or {}).get("job_id", "")
    if request.endpoint in JOB_ENDPOINTS and ids.is_id(job_id):
        g.api_key, g.asked_job = authentication.authenticate_for(database, presented_key(), job_id)
    else:
        g.api_key, g.asked_job = authentication.authenticate(database, presented_key()), None


def shows_metrics_token() -> bool:
    """Whether the current request carries METRICS_TOKEN, which works with the database down."""
    token = services().settings.metrics_token.get_secret_value()
    return bool(token) and hmac.compare_digest(token.encode(), (presented_key() or "").encode())


def is_operator() -> bool:
    """Whether the current request, on an open path, is an operator's: by the token or an admin's key."""
    if shows_metrics_token():
        return True
    try:
        return authentication.authenticate(services().database, presented_key()).is_admin
    except ApiError:
        return False


def presented_key() -> str | None:
    """What the current request shows as its key."""
    if key := request.headers.get("X-API-Key"):
        return key.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
