"""Errors as JSON: one handler for our tree, one for Werkzeug's, one for what nobody expected."""

from __future__ import annotations

import secrets

import structlog
from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import MethodNotAllowed as WerkzeugMethodNotAllowed

from app.errors import ApiError, BadRequest, InternalError, MethodNotAllowed, NotFound, RateLimited

log = structlog.get_logger(__name__)


def register(app: Flask) -> None:
    app.register_error_handler(ApiError, _answer)
    app.register_error_handler(HTTPException, _answer_werkzeug)
    app.register_error_handler(Exception, _answer_unexpected)


def _answer(error: ApiError) -> Response:
    response = jsonify(error.body())
    response.status_code = error.status
    if error.retry_after_seconds is not None:
        response.headers["Retry-After"] = str(error.retry_after_seconds)
    return response


def _answer_werkzeug(error: HTTPException) -> Response:
    known = {404: NotFound(), 405: MethodNotAllowed(), 429: RateLimited()}
    response = _answer(known.get(error.code or 500, BadRequest()))
    if isinstance(error, WerkzeugMethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(error.valid_methods)
    return response


def _answer_unexpected(_error: Exception) -> Response:
    request_id = secrets.token_hex(8)
    log.exception("request failed", request_id=request_id)
    return _answer(InternalError(request_id))
