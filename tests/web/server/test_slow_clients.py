"""Who stalls or drips is let go: a thread is never held for long, and nobody else waits."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection

import pytest

from app.web.server.slow_clients import MinRate
from tests.web.server.served import Server, answer_on, head
from tests.web.upload.bodies import PNG, part

HALF_A_HEAD = b"POST /upload HTTP/1.1\r\nHost: door\r\nX-Slow: "
BODY_BEGINS = head("/upload", 1_000_000) + part("image", PNG)


@pytest.mark.parametrize(
    ("elapsed_seconds", "received_bytes", "allowed"),
    [(9.9, 1, True), (11, 16_000, False), (11, 16_384, True), (599, 10_000_000, True), (601, 10**9, False)],
)
def test_the_pace_leaves_a_time_of_grace_and_then_wants_a_rate(
    elapsed_seconds: float, received_bytes: int, allowed: bool
) -> None:
    assert MinRate().allows(elapsed_seconds, received_bytes) is allowed


def test_a_stalled_body_is_answered_and_leaves_nothing(impatient_server: Server) -> None:
    with impatient_server.connect() as connection:
        connection.sendall(BODY_BEGINS)
        answer = answer_on(connection)
    assert (answer.status, answer.body["code"]) == (408, "upload_too_slow")
    assert impatient_server.leftovers() == []


def drips(connection: socket.socket, over: threading.Event) -> None:
    """Sends a byte now and then, each well within the time of a stall."""
    try:
        while not over.wait(0.2):
            connection.sendall(b"x")
    except OSError:
        pass  # Let go by the server: what this is about.


@pytest.fixture
def dripping(impatient_server: Server) -> Iterator[Callable[[bytes], socket.socket]]:
    """Opens connections that begin with the given bytes and drip from then on."""
    over = threading.Event()
    with ExitStack() as stack:

        def drip(beginning: bytes) -> socket.socket:
            connection = stack.enter_context(impatient_server.connect())
            connection.sendall(beginning)
            thread = threading.Thread(target=drips, args=(connection, over))
            thread.start()
            stack.callback(thread.join)
            return connection

        stack.callback(over.set)
        yield drip
        over.set()


def test_a_dripping_body_is_answered(dripping: Callable[[bytes], socket.socket]) -> None:
    assert answer_on(dripping(BODY_BEGINS)).status == 408


def test_a_dripping_chunked_body_is_answered(dripping: Callable[[bytes], socket.socket]) -> None:
    assert answer_on(dripping(head("/upload", None) + b"fffff\r\n" + part("image", PNG))).status == 408


def test_a_dripping_head_is_closed_without_an_answer(dripping: Callable[[bytes], socket.socket]) -> None:
    assert dripping(HALF_A_HEAD).recv(100) == b""


@pytest.mark.fault(18)
@pytest.mark.parametrize("beginning", [HALF_A_HEAD, BODY_BEGINS])
def test_more_stalled_clients_than_threads_stop_the_service_only_shortly(
    impatient_server: Server, beginning: bytes
) -> None:
    with ExitStack() as stalled:
        for _ in range(5):
            stalled.enter_context(impatient_server.connect()).sendall(beginning)
        assert impatient_server.health_seconds() < 3


def test_more_dripping_clients_than_threads_stop_the_service_only_shortly(
    impatient_server: Server, dripping: Callable[[bytes], socket.socket]
) -> None:
    for _ in range(5):
        dripping(BODY_BEGINS)
    assert impatient_server.health_seconds() < 6


@pytest.mark.parametrize("path", ["/videos/made.mp4", "/videos/kept.mp4"])
def test_a_client_that_does_not_take_its_answer_is_let_go(impatient_server: Server, path: str) -> None:
    with ExitStack() as stalled:
        for _ in range(5):
            connection = stalled.enter_context(impatient_server.connect())
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: door\r\n\r\n".encode())
        assert impatient_server.health_seconds() < 4


def test_the_pace_begins_anew_with_every_request_on_a_connection(impatient_server: Server) -> None:
    ends_at = time.monotonic() + 3
    with closing(HTTPConnection("127.0.0.1", impatient_server.port, timeout=20)) as client:
        client.connect()
        connection = client.sock
        while time.monotonic() < ends_at:
            client.request("GET", "/health")
            assert client.getresponse().read()
            assert client.sock is connection
            time.sleep(0.4)
