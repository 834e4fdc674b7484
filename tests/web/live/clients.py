"""The web process of a world on a real gunicorn, and clients that stay on the line."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, Self

from tests.support.world import Person, World
from tests.web.server.served import Server, head, running
from tests.web.upload.bodies import good


@dataclass(frozen=True)
class Event:
    """What a client makes of one event."""

    id: str
    name: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Web:
    """One gunicorn with one worker of four threads, on the database of a world in this process."""

    world: World
    server: Server

    def follow(self, person: Person, job_id: str, last_event_id: str = "") -> Line:
        known = [f"Last-Event-ID: {last_event_id}"] if last_event_id else []
        return self.ask(person, f"/api/jobs/{job_id}/events", *known)

    def ask(self, person: Person, path: str, *headers: str) -> Line:
        lines = [f"GET {path} HTTP/1.1", "Host: web", f"X-API-Key: {person.key.api_key}", *headers]
        return self._say("\r\n".join([*lines, "", ""]).encode())

    def submit(self, person: Person, *headers: str) -> Line:
        body = good()
        return self._say(head("/api/jobs", len(body), f"X-API-Key: {person.key.api_key}", *headers) + body)

    def _say(self, request: bytes) -> Line:
        line = Line(self.server.connect())
        line.connection.sendall(request)
        return line


class Line:
    """A connection, and what came over it so far."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.said = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.connection.close()

    def until(self, text: str) -> str:
        """All that was said, as soon as `text` has been."""
        while text not in self.said:
            data = self.connection.recv(65536)
            assert data, f"it ended without {text!r}: {self.said!r}"
            self.said += data.decode()
        return self.said

    def to_the_end(self) -> str:
        while data := self.connection.recv(65536):
            self.said += data.decode()
        return self.said

    @property
    def status(self) -> int:
        return int(self.until("\r\n\r\n").split()[1])

    @property
    def headers(self) -> str:
        """Each with a line's end before and after it."""
        return self.until("\r\n\r\n").partition("\r\n\r\n")[0].lower() + "\r\n"

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.to_the_end().partition("\r\n\r\n")[2]))

    @property
    def events(self) -> list[Event]:
        return events_in(self.said)


def events_in(text: str) -> list[Event]:
    found = re.findall(r"^(?:id: (.*)\n)?event: (.*)\ndata: (.*)\n\n", text, re.MULTILINE)
    return [Event(known_by, name, json.loads(data)) for known_by, name, data in found]


@contextmanager
def web(world: World, config: str = "tests.web.live.lively_conf", **settings: str) -> Iterator[Web]:
    known = {
        "REDIS_URL": world.settings.redis_url,
        "PUBLIC_URL": world.settings.public_url,
        "RATE_LIMIT": "100000/minute",
        "SUBMIT_RATE_LIMIT": "100000/minute",
    }
    app = "app.web.wsgi:application"
    with running(world.settings.data_dir, config, app, **{**known, **settings}) as server:
        yield Web(world, server)


@contextmanager
def many(opened: int, web: Web, person: Person, job_id: str) -> Iterator[list[Line]]:
    """So many clients who follow one job."""
    with ExitStack() as lines:
        yield [lines.enter_context(web.follow(person, job_id)) for _ in range(opened)]
