"""The tree of errors as responses: one for each status, with the codes it may have and an example of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from http import HTTPStatus

from app.errors import (
    ApiError,
    DatabaseUnavailable,
    InternalError,
    InvalidApiKey,
    MissingApiKey,
    RateLimited,
    UnknownParameter,
)
from app.schemas.service import ErrorBody
from app.web.http.auth import needs_key
from app.web.limits.rate_limit import is_counted
from app.web.openapi.operations import JSON, Object, Refusal
from app.web.openapi.parameters import RETRY_AFTER, as_objects
from app.web.openapi.schemas import reference


def of_every(path: str) -> tuple[Refusal, ...]:
    """The refusals that every operation at this address may answer with."""
    limited = (RateLimited,) if is_counted(path) else ()
    keyed = (
        (MissingApiKey, InvalidApiKey, DatabaseUnavailable, UnknownParameter("state", ["status"]))
        if needs_key(path)
        else ()
    )
    return (*limited, *keyed, InternalError("5f2b1c9d8e7a6b40"))


def by_status(refusals: Iterable[Refusal], headers: Object) -> dict[str, Object]:
    """The responses; `headers` are those that every answer here has."""
    errors: dict[int, list[ApiError]] = defaultdict(list)
    for each in refusals:
        error = each if isinstance(each, ApiError) else each()
        errors[error.status].append(error)
    return {str(status): _response(status, errors[status], headers) for status in sorted(errors)}


def _response(status: int, errors: list[ApiError], headers: Object) -> Object:
    schema = {
        "allOf": [
            reference(ErrorBody),
            {"properties": {"code": {"enum": sorted({error.code for error in errors})}}},
        ]
    }
    examples = {error.code: {"value": error.body()} for error in errors}
    return {
        "description": HTTPStatus(status).phrase,
        "headers": headers | (as_objects([RETRY_AFTER]) if _says_when(errors) else {}),
        "content": {JSON: {"schema": schema, "examples": examples}},
    }


def _says_when(errors: list[ApiError]) -> bool:
    """Whether the answer tells when to come again."""
    return any(error.retry_after_seconds or error.status == RateLimited.status for error in errors)
