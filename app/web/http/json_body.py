"""A request body of JSON: bounded, and checked against what it is to be."""

from __future__ import annotations

from typing import TypeVar

from flask import request
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from app.errors import BadRequest
from app.errors.keys import InvalidMember, JsonTooLarge, MalformedJson, NotJson, UnknownMember
from app.keys.schemas import Request

MAX_BODY_BYTES = 64 * 1024

#: What `read_json` raises, with one example each.
REFUSALS = (
    MalformedJson,
    InvalidMember("maxActiveJobs", "a whole number from 1 to 100"),
    UnknownMember("maxActiveJob", ["maxActiveJobs"]),
    JsonTooLarge(MAX_BODY_BYTES),
    NotJson,
)

Asked = TypeVar("Asked", bound=Request)


def read_json(asked: type[Asked]) -> Asked:
    """What the request's body says.

    Raises:
        NotJson, JsonTooLarge, MalformedJson
        InvalidMember, UnknownMember: naming the first member that is wrong, and what it must be.
    """
    if request.mimetype != "application/json":
        raise NotJson
    try:
        return asked.model_validate_json(_body())
    except ValidationError as error:
        raise _refusal(asked, error.errors()[0]) from None


def _body() -> bytes:
    request.max_content_length = MAX_BODY_BYTES
    try:
        return request.get_data()
    except RequestEntityTooLarge:
        raise JsonTooLarge(MAX_BODY_BYTES) from None
    except ClientDisconnected as error:
        raise MalformedJson("The body was cut off before its end.") from error


def _refusal(asked: type[Request], problem: ErrorDetails) -> BadRequest:
    if not problem["loc"]:
        return MalformedJson()
    name = str(problem["loc"][0])
    rules = {field.alias or "": field.description or "" for field in asked.model_fields.values()}
    if name in rules:
        return InvalidMember(name, rules[name])
    return UnknownMember(name, list(rules))
