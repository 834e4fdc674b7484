"""text/event-stream, as far as the service uses it (WHATWG HTML, section 9.2.6)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple


class Event(NamedTuple):
    name: str
    data: str


def events(lines: Iterable[str]) -> Iterator[Event | None]:
    """Each event, and None for each comment, which is a sign of life. A last event that was cut is none."""
    name, data = "message", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        if not line:
            if data:
                yield Event(name, "\n".join(data))
            name, data = "message", []
        elif not field:
            yield None
        elif field == "event":
            name = value.removeprefix(" ")
        elif field == "data":
            data.append(value.removeprefix(" "))
