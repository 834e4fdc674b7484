"""Who is asking: the key from `X-API-Key`, or from `Authorization: Bearer`."""

from __future__ import annotations

from typing import cast

from flask import Flask, g, request

from app import apikeys
from app.key_errors import AdminRequired
from app.models import ApiKey
from app.web.services import services

OPEN_PATHS = frozenset({"/api/health", "/api/openapi.json"})


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


def _require_key() -> None:
    if needs_key(request.path):
        g.api_key = apikeys.authenticate(services().database, presented_key())


def presented_key() -> str | None:
    """What the current request shows as its key."""
    if key := request.headers.get("X-API-Key"):
        return key.strip()
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
