"""How a view answers, and how it reads which page is asked for."""

from __future__ import annotations

from flask import Response, request

from app.errors import InvalidParameter
from app.schemas.jobs import Body

DEFAULT_PAGE = 20
MAX_PAGE = 100


def answer(body: Body, status: int = 200) -> Response:
    """The body as JSON."""
    return Response(body.json_bytes(), status, content_type="application/json")


def page_limit() -> int:
    """How many a page may hold. Raises InvalidParameter."""
    return number_parameter("limit", default=DEFAULT_PAGE, largest=MAX_PAGE)


def number_parameter(name: str, *, default: int, largest: int) -> int:
    """A whole number of the query, from 1 on. Raises InvalidParameter."""
    given = query_parameter(name)
    text = str(default) if given is None else given
    if not (text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= largest):
        raise InvalidParameter(name, f"a number from 1 to {largest}")
    return int(text)


def query_parameter(name: str) -> str | None:
    """What the query has under this name. Raises InvalidParameter where it is there twice."""
    given = request.args.getlist(name)
    if len(given) > 1:
        raise InvalidParameter(name, "given once")
    return given[0] if given else None


def flag_parameter(name: str) -> bool:
    """Whether the query says `true` under this name; without it, it doesn't. Raises InvalidParameter."""
    given = query_parameter(name)
    if given not in {None, "true", "false"}:
        raise InvalidParameter(name, "true or false")
    return given == "true"
