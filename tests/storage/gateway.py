"""A gateway between a client and a real server, to refuse some requests and cut some answers."""

from __future__ import annotations

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit

_OWN_HEADERS = {"content-length", "transfer-encoding", "connection"}


class Gateway:
    """Passes requests on to `target`; answers 503 to `refusals_left` of those with `refuse` in the path."""

    refuse = ""
    refusals_left = 1_000_000
    refused = 0
    #: Requests that came through.
    passed = 0
    cut_answers_to_bytes: int | None = None

    def __init__(self, target: str) -> None:
        gateway = self

        class Handler(_Handler):
            rules = gateway
            address = urlsplit(target).netloc

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def refuses(self, path: str) -> bool:
        if not self.refuse or self.refuse not in path or not self.refusals_left:
            return False
        self.refusals_left -= 1
        self.refused += 1
        return True


class _Handler(BaseHTTPRequestHandler):
    rules: Gateway
    address: str

    def do_GET(self) -> None:
        self._pass_on()

    do_HEAD = do_PUT = do_POST = do_DELETE = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.rules.refuses(self.path):
            self._answer(503, [], b"")
            return
        self.rules.passed += 1
        connection = HTTPConnection(self.address, timeout=30)
        connection.request(self.command, self.path, body, dict(self.headers))
        answer = connection.getresponse()
        self._answer(answer.status, answer.getheaders(), answer.read())
        connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _OWN_HEADERS:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.rules.cut_answers_to_bytes])
