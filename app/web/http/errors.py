"""Errors as answers: one handler for our tree, one for Werkzeug's, one for what nobody expected."""

from __future__ import annotations

import structlog
from flask import Flask, Response
from werkzeug.exceptions import HTTPException

from app.errors import (
    ApiError,
    BadRequest,
    InternalError,
    MethodNotAllowed,
    NotFound,
    RangeNotSatisfiable,
    RateLimited,
)
from app.schemas.service import ErrorBody
from app.web.http.access_log import request_id
from app.web.http.error_pages import page_of, prefers_page
from app.web.http.responses import answer

log = structlog.get_logger(__name__)

#: Werkzeug's own errors in our words.
_KNOWN: dict[int, type[ApiError]] = {
    error.status: error for error in (NotFound, MethodNotAllowed, RangeNotSatisfiable, RateLimited)
}
_TELLING = frozenset({"Allow", "Content-Range"})


def register(app: Flask) -> None:
    # A doubled slash leads nowhere; Werkzeug's redirect would be HTML.
    app.url_map.merge_slashes = False
    app.register_error_handler(ApiError, _answer)
    app.register_error_handler(HTTPException, _answer_werkzeug)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer(error: ApiError) -> Response:
    response = page_of(error) if prefers_page() else answer(ErrorBody.of(error), error.status)
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _answer_werkzeug(error: HTTPException) -> Response:
    response = _answer(_KNOWN.get(error.code or 500, BadRequest)())
    for name, value in error.get_headers():
        if name in _TELLING:
            response.headers[name] = value
    return response


def _answer_unexpected(_error: Exception) -> Response:
    log.exception("request failed")
    return _answer(InternalError(request_id()))
