"""A webhook receiver: a real HTTPS server on the loopback that records what comes and answers as told."""

from __future__ import annotations

import contextlib
import random
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from types import TracebackType

import trustme

from app.egress.http_client import EgressPolicy

#: The names in the certificate. Those under `.test` never resolve: give `post` a resolver.
NAMES = ("127.0.0.1", "localhost", "hook.test")
CHUNK = b"x" * 65_536
#: Below those the system gives out by itself (Linux from 32768, macOS from 49152), where the client of
#: another test may still be knocking on a server that is gone: `connections` is about nobody but ours.
QUIET_PORTS = range(20_000, 32_000)


class Names:
    """A resolver that gives the next of its answers at each look-up, the last one for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@dataclass(frozen=True)
class Received:
    """One request, as it came. `at` is monotonic seconds."""

    path: str
    headers: Message
    body: bytes
    at: float


@dataclass(frozen=True)
class Reply:
    """One answer: `status` and `headers` after `delay_seconds`, then a body of `body_bytes`.

    With `drip_seconds` the body comes a byte at a time, that far apart; `drips_head` does so to the headers.
    `raw` is sent instead of all this, `hang` says nothing until the receiver closes.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body_bytes: int = 2
    delay_seconds: float = 0
    drip_seconds: float = 0
    drips_head: bool = False
    raw: bytes | None = None
    hang: bool = False


class Receiver:
    """Answers 200 unless `script` says otherwise. `url` is where it is, `ca_file` whom to trust.

    `requests` are those received; `connections` counts all that were opened, with or without a request;
    `sent_bytes` counts the bodies of answers; `most_at_once` is the highest number of requests that
    waited for an answer together. For a service to reach it: WEBHOOK_ALLOW_NETS=127.0.0.0/8,
    WEBHOOK_ALLOW_PORTS=*, WEBHOOK_CA_FILE=<its ca_file>.
    """

    def __init__(self, folder: Path) -> None:
        authority = trustme.CA()
        self.ca_file = folder / "receiver-ca.pem"
        authority.cert_pem.write_to_path(str(self.ca_file))
        self.requests: list[Received] = []
        self.connections = 0
        self.sent_bytes = 0
        self.most_at_once = 0
        self.closing = threading.Event()
        self._at_once = self._waiting = 0
        self._script: deque[Reply] = deque()
        self._otherwise = Reply()
        self._changed = threading.Condition()
        self._server = _Server(self, authority)
        self.port = int(self._server.server_address[1])
        self.url = f"https://127.0.0.1:{self.port}/hook"

    @property
    def policy(self) -> EgressPolicy:
        """Lets a POST through to this receiver."""
        return EgressPolicy((ip_network("127.0.0.0/8"),), None, self.ca_file)

    def __enter__(self) -> Receiver:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def script(self, *replies: Reply, otherwise: Reply | None = None) -> None:
        """Answers the next requests with `replies`, one each, and those after them with `otherwise`."""
        with self._changed:
            self._script.extend(replies)
            self._otherwise = otherwise or self._otherwise

    def wait_for(self, count: int, deadline_seconds: float = 10) -> list[Received]:
        """The requests so far, once there are `count` of them; AssertionError when they don't come."""
        with self._changed:
            came = self._changed.wait_for(lambda: len(self.requests) >= count, deadline_seconds)
            assert came, f"{len(self.requests)} of {count} webhooks came within {deadline_seconds} s"
            return list(self.requests)

    def wait_until_idle(self, deadline_seconds: float = 10) -> None:
        """Returns once no request is being answered; AssertionError when one goes on."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._at_once == 0, deadline_seconds)

    def connected(self) -> None:
        with self._changed:
            self.connections += 1

    def received(self, request: Received) -> Reply:
        with self._changed:
            self._at_once += 1
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
            self.requests.append(request)
            self._changed.notify_all()
            return self._script.popleft() if self._script else self._otherwise

    def replying(self) -> None:
        """Who sent the request may send the next one before this one's thread has ended."""
        with self._changed:
            self._waiting -= 1

    def sent(self, body_bytes: int) -> None:
        with self._changed:
            self.sent_bytes += body_bytes

    def answered(self) -> None:
        with self._changed:
            self._at_once -= 1
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # server_close() then waits for them

    def __init__(self, receiver: Receiver, authority: trustme.CA) -> None:
        self.receiver = receiver
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(*NAMES).configure_cert(context)
        # The handshake is left to the handler's thread: one that stalls must not hold up the others.
        self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def server_bind(self) -> None:
        for port in random.sample(QUIET_PORTS, 100):
            self.server_address = ("127.0.0.1", port)
            with contextlib.suppress(OSError):
                return super().server_bind()
        raise OSError("no free port")

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        connection, address = self.socket.accept()
        self.receiver.connected()
        return connection, address

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what many tests are about."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 30

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        reply = receiver.received(Received(self.path, self.headers, body, time.monotonic()))
        try:
            receiver.closing.wait(reply.delay_seconds)
            receiver.replying()
            self._answer(reply)
        finally:
            receiver.answered()
            self.close_connection = True

    def _answer(self, reply: Reply) -> None:
        if reply.hang:
            self.server.receiver.closing.wait()
        elif reply.raw is not None:
            self.wfile.write(reply.raw)
        else:
            self._send(_head(reply), reply.drip_seconds if reply.drips_head else 0)
            self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        left = reply.body_bytes
        while left > 0 and not self.server.receiver.closing.is_set():
            chunk = CHUNK[: min(left, len(CHUNK))]
            self._send(chunk, reply.drip_seconds)
            left -= len(chunk)
            self.server.receiver.sent(len(chunk))

    def _send(self, text: bytes, drip_seconds: float) -> None:
        if not drip_seconds:
            self.wfile.write(text)
            return
        for place in range(len(text)):
            self.wfile.write(text[place : place + 1])
            if self.server.receiver.closing.wait(drip_seconds):
                return

    def log_message(self, *args: object) -> None:
        """Silent: the requests are in `Receiver.requests`."""


def _head(reply: Reply) -> bytes:
    lines = {"Content-Length": str(reply.body_bytes), **reply.headers}
    fields = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {reply.status} Scripted\r\n{fields}\r\n".encode()
