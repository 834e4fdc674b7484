"""A worker that is told to stop finishes the uploads that are nearly there, and refuses the others well."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.web.server.worker import LAST_CALL_SECONDS
from tests.support.service import wait_until
from tests.web.server.served import Answer, Server, answer_on, head, running
from tests.web.upload.bodies import PNG, good, part


@pytest.fixture
def mortal_server(tmp_path: Path) -> Iterator[Server]:
    with running(tmp_path, "app.web.server.gunicorn_conf") as server:
        yield server


def begin(server: Server, connection: socket.socket, beginning: bytes) -> None:
    """Returns when the server is at the body."""
    connection.sendall(beginning)
    wait_until(server.leftovers)


def drip_until_answered(connection: socket.socket) -> None:
    """A byte now and then, as over a slow line, until the server has said something."""
    connection.settimeout(0.05)
    while True:
        connection.sendall(b"x")
        try:
            connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            continue
        return connection.settimeout(20)


def goodbye(server: Server, connection: socket.socket) -> Answer:
    answer = answer_on(connection)
    assert server.process.wait(10) == 0
    assert server.leftovers() == []
    return answer


def test_an_upload_that_is_nearly_there_is_taken(mortal_server: Server) -> None:
    with mortal_server.connect() as connection:
        begin(mortal_server, connection, head("/upload", len(good())) + good()[:-10])
        mortal_server.process.terminate()
        wait_until(lambda: is_closed(mortal_server))
        connection.sendall(good()[-10:])

        answer = goodbye(mortal_server, connection)

    assert answer.status == 200


@pytest.mark.parametrize("drips", [False, True])
def test_an_upload_that_is_not_is_refused_in_a_sentence(mortal_server: Server, drips: bool) -> None:
    with mortal_server.connect() as connection:
        begin(mortal_server, connection, head("/upload", 1_000_000) + part("image", PNG))
        began_at = time.monotonic()
        mortal_server.process.terminate()
        if drips:
            drip_until_answered(connection)

        answer = goodbye(mortal_server, connection)

    assert (answer.status, answer.body["code"]) == (503, "stopping")
    assert LAST_CALL_SECONDS <= time.monotonic() - began_at < 10


def is_closed(server: Server) -> bool:
    """Whether it takes nobody in any more."""
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False
