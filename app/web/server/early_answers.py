"""The connection under a request: it ends with the answer when that is given before the body was read.

How it ends, so that the answer arrives, is `app.web.server.lingering_close`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask

from app.web.server.request_body import PromptBody

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def register(app: Flask) -> None:
    """Puts `EarlyAnswers` around the application."""
    app.wsgi_app = EarlyAnswers(app.wsgi_app)  # type: ignore[method-assign]


class EarlyAnswers:
    """WSGI middleware: hands bodies out as they arrive, and lets no connection outlive an unread one.

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
        pieces = self._app(environ, partial(_start, body, start_response))
        if getattr(connection, "client", None):
            _detach(start_response)
        return pieces


def _detach(start_response: Any) -> None:
    """Has gunicorn write nothing, and let go of the connection: `parked_connections` answers."""
    answer = start_response.__self__
    answer.headers_sent = True
    answer.force_close()


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
