"""An account of each request: its id, one line in the log, and its place in the metrics.

The line has the route and not the path, the key's id and not the key, and nothing of the query: no link that
works without a key gets into a log.
"""

from __future__ import annotations

import re
import secrets
import time

import structlog
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from app.metrics import counters

log = structlog.get_logger("app.web.access")

HEADER = "X-Request-Id"
#: What a proxy or a client may call a request. Everything else is ours to name.
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
#: Every address that leads nowhere is one route, or strangers could make as many as they like.
NOWHERE = "nowhere"
#: Methods are a client's words, too.
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def register(app: Flask) -> None:
    """Before all others: what they log has the request's id, and what they answer is accounted for."""
    app.before_request(_begin)
    app.after_request(_end)


def request_id() -> str:
    """What the log knows the current request by."""
    return str(g.request_id)


def _begin() -> None:
    given = request.headers.get(HEADER, "")
    g.begun_at = time.monotonic()
    g.request_id = given if _SANE.fullmatch(given) else secrets.token_hex(8)
    # The thread has served others before.
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    if job_id := (request.view_args or {}).get("job_id"):
        structlog.contextvars.bind_contextvars(job_id=job_id)


def _end(response: Response) -> Response:
    seconds = time.monotonic() - g.begun_at
    route, method = _route(), request.method if request.method in _METHODS else "other"
    response.headers.add(HEADER, g.request_id)
    counters.note("requests", method, route, str(response.status_code))
    counters.note("request_seconds", route, value=seconds)
    log.info(
        "request",
        method=method,
        route=route,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        bytes=response.content_length,
        key_id=g.api_key.id if "api_key" in g else None,
    )
    return response


def _route() -> str:
    if isinstance(request.routing_exception, HTTPException) or request.url_rule is None:
        return NOWHERE
    return request.url_rule.rule
