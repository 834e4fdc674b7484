"""Answers that take their time, and the bytes of them that no thread waits to write.

Under `app.web.server.worker` the connection is handed over: gunicorn writes nothing, and every byte comes
from the `app.web.server.parked_connections`. Under any other WSGI server the answer's thread waits, and the
client sees the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from flask import Response
from werkzeug.http import http_date

from app.web.live.job_watcher import Watch

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


@runtime_checkable
class DetachableConnection(Protocol):
    """A connection of `app.web.server` that can be handed to a client, who then writes every byte."""

    client: Watch | None


def detach_connection(environ: WSGIEnvironment, client: Watch) -> bool:
    """Leaves the connection to a client; False where the server has no place for it."""
    connection = environ.get("gunicorn.socket")
    if not isinstance(connection, DetachableConnection):
        return False
    connection.client = client
    return True


def http_bytes(response: Response, environ: WSGIEnvironment) -> bytes:
    """The answer as it is written: its end is the connection's."""
    items, status, headers = response.get_wsgi_response(environ)
    known = {"date", "connection"}
    lines = [f"HTTP/1.1 {status}", f"Date: {http_date()}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in headers if name.lower() not in known]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + b"".join(items)
