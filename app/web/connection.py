"""The connection under a request: the end of it, when the answer is given before the body was read.

A server that closes a socket with unread bytes makes the kernel send a reset, which may take the answer
with it (RFC 9112, section 9.6). So we say that we are done (FIN), and go on taking what the client still
sends, for a while. gunicorn does that too, but on the loop that all its requests share: a few idle
clients stop the whole process. Here each such connection has a small thread of its own.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.wsgi import ClosingIterator

from app.web.body import PromptBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

#: Long and much enough for the largest body on a fast line; who stops sending is not waited for.
LINGER_SECONDS = 10.0
LINGER_IDLE_SECONDS = 2.0
LINGER_BYTES = 128 << 20
#: More than these are closed at once: they may lose their answer, the service doesn't suffer.
MAX_LINGERING = 64

_lingering_slots = threading.BoundedSemaphore(MAX_LINGERING)


def register(app: Flask) -> None:
    """Puts `EarlyAnswers` around the application."""
    app.wsgi_app = EarlyAnswers(app.wsgi_app)  # type: ignore[method-assign]


class EarlyAnswers:
    """WSGI middleware: hands bodies out as they arrive, and closes well where one was not read to its end.

    Without gunicorn around it (in a test client, say) it does nothing.
    """

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        connection = environ.get("gunicorn.socket")
        if connection is None:
            return self._app(environ, start_response)
        body = PromptBody(environ["wsgi.input"], connection, _awaits_continue(environ))
        environ["wsgi.input"] = body
        answer = self._app(environ, partial(_start, body, start_response))
        return ClosingIterator(answer, partial(_part, connection)) if body.is_unread() else answer


def _awaits_continue(environ: WSGIEnvironment) -> bool:
    """Whether the client holds its body back until it is asked for (RFC 9110, section 10.1.1)."""
    expects = str(environ.get("HTTP_EXPECT", "")).lower() == "100-continue"
    return expects and environ["SERVER_PROTOCOL"] == "HTTP/1.1"


def _start(body: PromptBody, start_response: Any, *head: Any) -> Callable[[bytes], object]:
    """Announces `Connection: close` where the body is unread; gunicorn drops an application's own header."""
    if body.is_unread():
        start_response.__self__.force_close()
    write: Callable[[bytes], object] = start_response(*head)
    return write


def _part(connection: socket.socket) -> None:
    """Takes the connection from gunicorn, after the answer, and lets it end by itself."""
    leaving = socket.socket(fileno=os.dup(connection.fileno()))
    _replace_by_a_closed_one(connection)
    if _lingering_slots.acquire(blocking=False):
        threading.Thread(target=_linger, args=(leaving,), name="linger", daemon=True).start()
    else:
        leaving.close()


def _replace_by_a_closed_one(connection: socket.socket) -> None:
    """Leaves gunicorn a socket whose other end is gone: it keeps its books, and has nothing to wait for."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        os.dup2(ours.fileno(), connection.fileno(), inheritable=False)


def _linger(leaving: socket.socket) -> None:
    try:
        with leaving:
            leaving.shutdown(socket.SHUT_WR)
            _drain(leaving)
    except OSError:
        pass  # The client is gone: that is what we were waiting for.
    finally:
        _lingering_slots.release()


def _drain(leaving: socket.socket) -> None:
    leaving.settimeout(LINGER_IDLE_SECONDS)
    ends_at = time.monotonic() + LINGER_SECONDS
    left_bytes = LINGER_BYTES
    room = bytearray(64 * 1024)
    while left_bytes > 0 and time.monotonic() < ends_at and (count := leaving.recv_into(room)):
        left_bytes -= count
