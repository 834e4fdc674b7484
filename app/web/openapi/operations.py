"""What a view says of itself, for the OpenAPI document."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from pydantic import BaseModel

from app.errors import ApiError

JSON = "application/json"
HTML = "text/html"

View = TypeVar("View", bound=Callable[..., Any])
#: A JSON Schema (draft 2020-12), or another object of the document.
Object = dict[str, Any]
#: An error to name: its class, or one of its kind where it takes words to make one.
Refusal = ApiError | type[ApiError]


class Tag(StrEnum):
    """The chapters of the document, in their order."""

    JOBS = "Jobs"
    WEBHOOKS = "Webhooks"
    VIDEOS = "Videos"
    USE = "Use"
    KEYS = "Keys"
    SERVICE = "Service"


@dataclass(frozen=True)
class Parameter:
    """`place` is query, header or path."""

    name: str
    place: str
    schema: Object
    description: str
    required: bool = False


@dataclass(frozen=True)
class Header:
    """Of an answer."""

    name: str
    schema: Object
    description: str


@dataclass(frozen=True)
class Sent:
    """A request's body: a model of JSON, or a schema written out, with the encoding of its parts."""

    model: type[BaseModel] | None = None
    media_type: str = JSON
    schema: Object | None = None
    encoding: Object = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """One way to answer. Without a model the media type says all; with neither there is no body.

    Several models are alternatives. `links` names the operations that the answer leads to, and tells where
    in it their parameters are (OpenAPI 3.1.1, "Link Object" and "Runtime Expressions").
    """

    description: str
    models: tuple[type[BaseModel], ...] = ()
    status: int = 200
    media_type: str | None = JSON
    headers: tuple[Header, ...] = ()
    links: Mapping[str, Object] = field(default_factory=dict)


@dataclass(frozen=True)
class Operation:
    """What the document says of one view. The parameters of its address are known by their names."""

    summary: str
    tag: Tag
    answers: Sequence[Answer]
    parameters: Sequence[Parameter]
    sent: Sent | None
    raises: Sequence[Refusal]
    details: str


_operations: dict[Callable[..., Any], Operation] = {}


def described(
    summary: str,
    tag: Tag,
    *answers: Answer,
    parameters: Sequence[Parameter] = (),
    sent: Sent | None = None,
    raises: Sequence[Refusal] = (),
    details: str = "",
) -> Callable[[View], View]:
    """Puts a view into the document. Stands below the decorator with its route.

    `raises` are the refusals of its own; those that every operation shares go without saying
    (`app.web.openapi.errors`).
    """

    def remember(view: View) -> View:
        _operations[view] = Operation(summary, tag, answers, parameters, sent, raises, details)
        return view

    return remember


def operation_of(view: Callable[..., Any]) -> Operation | None:
    """What `described` was told of a view; None if it wasn't."""
    return _operations.get(view)
