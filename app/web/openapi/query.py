"""What an address may be asked beside its path: what it says of itself in the OpenAPI document, no more."""

from __future__ import annotations

from flask import Flask, current_app, request

from app.errors import UnknownParameter
from app.web.http.auth import needs_key
from app.web.openapi.operations import operation_of


def register(app: Flask) -> None:
    """Refuses what isn't known, where a key is needed: a misspelt filter must not be taken for none.

    After the key was looked at.
    """
    app.before_request(_refuse_unknown)


def _refuse_unknown() -> None:
    if not request.query_string or not request.endpoint or not needs_key(request.path):
        return
    known = _known_to(request.endpoint)
    for name in request.args:
        if name not in known:
            raise UnknownParameter(name, known)


def _known_to(endpoint: str) -> tuple[str, ...]:
    operation = operation_of(current_app.view_functions[endpoint])
    return tuple(each.name for each in operation.parameters if each.place == "query") if operation else ()
