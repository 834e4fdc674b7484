"""Clients that mean harm: each attack opens its connections, and keeps them in the given ExitStack."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress

from tests.web.server.served import head
from tests.web.upload.bodies import PDF, PNG, part, text

CROWD = 64
HUNDRED_MB = 100_000_000
DEADLINE_SECONDS = 20

Attack = Callable[["Attackers"], None]


class Attackers:
    """Many connections to `port`. `over` is set when they should stop; leaving waits for their threads."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._stack = ExitStack()
        self.over = threading.Event()

    def __enter__(self) -> Attackers:
        return self

    def __exit__(self, *failure: object) -> None:
        self.over.set()
        self._stack.close()

    def connect(self) -> socket.socket:
        address = ("127.0.0.1", self._port)
        return self._stack.enter_context(socket.create_connection(address, timeout=DEADLINE_SECONDS))

    def crowd(self, beginning: bytes, size: int = CROWD) -> None:
        """So many connections that begin with the same bytes and then stay."""
        for _ in range(size):
            connection = self.connect()
            with suppress(OSError):  # refused in the middle of it: what came of that is what we look at
                connection.sendall(beginning)

    def busy(self, work: Callable[[socket.socket], None], size: int = 4) -> None:
        """So many clients that do `work` again and again, on a new connection each time."""
        for _ in range(size):
            thread = threading.Thread(target=self._repeat, args=(work,))
            thread.start()
            self._stack.callback(thread.join)

    def _repeat(self, work: Callable[[socket.socket], None]) -> None:
        while not self.over.is_set():
            with (
                suppress(OSError),
                socket.create_connection(("127.0.0.1", self._port), timeout=DEADLINE_SECONDS) as connection,
            ):
                work(connection)


def idle(attackers: Attackers) -> None:
    attackers.crowd(b"")


def half_heads(attackers: Attackers) -> None:
    attackers.crowd(b"GET /health HTTP/1.1\r\nHost: door\r\nX-Slow: ")


def stalled_bodies(attackers: Attackers) -> None:
    attackers.crowd(head("/upload", 1_000_000) + part("image", PNG))


def stalled_chunks(attackers: Attackers) -> None:
    attackers.crowd(head("/upload", None) + b"fffff\r\n" + part("image", PNG))


def refused_and_lingering(attackers: Attackers) -> None:
    attackers.crowd(head("/refused", HUNDRED_MB))


def malformed_and_lingering(attackers: Attackers) -> None:
    attackers.crowd(b"nonsense\r\n\r\n")


def done_and_lingering(attackers: Attackers) -> None:
    attackers.crowd(b"GET /health HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n")


def untaken_videos(attackers: Attackers) -> None:
    attackers.crowd(b"GET /videos/kept.mp4 HTTP/1.1\r\nHost: door\r\n\r\n", size=32)


def untaken_answers(attackers: Attackers) -> None:
    question = b"GET /health HTTP/1.1\r\nHost: door\r\n\r\n"
    for _ in range(8):
        connection = attackers.connect()
        connection.settimeout(0.2)
        with suppress(OSError):
            connection.sendall(question * 20_000)


def long_request_lines(attackers: Attackers) -> None:
    attackers.busy(sends(b"GET /" + b"x" * 1_000_000))


def large_heads(attackers: Attackers) -> None:
    attackers.busy(sends(b"GET /health HTTP/1.1\r\nX-Large: " + b"x" * 1_000_000 + b"\r\n\r\n"))


def many_parts(attackers: Attackers) -> None:
    attackers.busy(sends(head("/upload", HUNDRED_MB) + text("motion", "") * 200_000))


def large_part_heads(attackers: Attackers) -> None:
    attackers.busy(sends(head("/upload", HUNDRED_MB) + part("image", PNG, "X-Large: " + "x" * 1_000_000)))


def tiny_chunks(attackers: Attackers) -> None:
    body = part("image", PNG + bytes(20_000))
    attackers.busy(
        sends(head("/upload", None) + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n")
    )


def flood_of_nothing(attackers: Attackers) -> None:
    attackers.busy(sends(b"HEAD /nowhere HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n"))


def flood_of_foreign_files(attackers: Attackers) -> None:
    attackers.busy(sends(head("/upload", HUNDRED_MB) + part("image", PDF)))


def sends(request: bytes) -> Callable[[socket.socket], None]:
    """Sends it all and reads the answer to its end."""

    def work(connection: socket.socket) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            connection.sendall(request)
        while connection.recv(65536):
            pass

    return work


ATTACKS: tuple[Attack, ...] = (
    idle,
    half_heads,
    stalled_bodies,
    stalled_chunks,
    refused_and_lingering,
    malformed_and_lingering,
    done_and_lingering,
    untaken_videos,
    untaken_answers,
    long_request_lines,
    large_heads,
    many_parts,
    large_part_heads,
    tiny_chunks,
    flood_of_nothing,
    flood_of_foreign_files,
)
