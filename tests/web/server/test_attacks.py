"""Whatever the others do, /health answers within a second, and afterwards everything is as before."""

from __future__ import annotations

import time
from contextlib import ExitStack

import httpx
import pytest

from app.web.server.pending_connection import MAX_HEAD_BYTES
from app.web.server.thread_pools import Lane, lane_of
from tests.support.service import wait_until
from tests.web.server.attackers import ATTACKS, Attack, Attackers
from tests.web.server.served import Server, answer_on
from tests.web.upload.bodies import CONTENT_TYPE, PNG, WAV, good

ATTACK_SECONDS = 3
BOUND_SECONDS = 1.0
NAP_SECONDS = 0.005


def worst_seconds(server: Server) -> tuple[float, float]:
    """The slowest answer in ATTACK_SECONDS, each on a new connection, as a probe's is.

    And by how much the machine let a mere nap of ours be late in the meantime: that much is its fault.
    """
    ends_at = time.monotonic() + ATTACK_SECONDS
    worst = lateness = 0.0
    while (began_at := time.monotonic()) < ends_at:
        time.sleep(NAP_SECONDS)
        lateness = max(lateness, time.monotonic() - began_at - NAP_SECONDS)
        worst = max(worst, server.health_seconds())
    return worst, lateness


def upload(server: Server) -> dict[str, int]:
    headers = {"Content-Type": CONTENT_TYPE}
    answer = httpx.post(f"{server.url}/upload", content=good(), headers=headers, timeout=30)
    return dict(answer.json())


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_health_answers_within_a_second_throughout(server: Server, attack: Attack) -> None:
    with Attackers(server.port) as attackers:
        attack(attackers)
        worst, lateness = worst_seconds(server)

    assert worst < BOUND_SECONDS + lateness
    assert upload(server) == {"image": len(PNG), "audio": len(WAV)}
    wait_until(lambda: server.leftovers() == [])


def test_more_idle_connections_than_there_is_room_for_shut_nobody_out(server: Server) -> None:
    with Attackers(server.port) as attackers:
        attackers.crowd(b"", size=700)
        assert server.health_seconds() < BOUND_SECONDS
        assert upload(server)


def test_a_head_may_come_in_any_pieces(server: Server) -> None:
    with server.connect() as connection:
        for byte in b"GET /health HTTP/1.1\r\nHost: door\r\nConnection: close\r\n\r\n":
            connection.sendall(bytes([byte]))
        assert answer_on(connection).status == 200


def test_questions_in_one_breath_are_answered_one_after_another(server: Server) -> None:
    question = b"GET /health HTTP/1.1\r\nHost: door\r\n"
    with server.connect() as connection:
        connection.sendall((question + b"\r\n") * 20 + question)
        connection.sendall(b"Connection: close\r\n\r\n")
        content = b"".join(iter(lambda: connection.recv(65536), b""))
    assert content.count(b"HTTP/1.1 200") == 21


@pytest.mark.parametrize("ended", [True, False])
def test_a_head_that_is_too_large_is_refused_in_a_sentence(server: Server, ended: bool) -> None:
    with server.connect() as connection:
        large = b"X-Large: " + b"x" * MAX_HEAD_BYTES + b"\r\n"
        connection.sendall(b"GET /health HTTP/1.1\r\n" + large + b"\r\n" * ended)
        answer = answer_on(connection)
    assert (answer.status, answer.body["code"]) == (431, "head_too_large")


@pytest.mark.parametrize(
    ("request_bytes", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "malformed_request"),
        (b"GET /health HTTP/1.1\r\nX-API-Key: tr_key\x01\r\n\r\n", 400, "malformed_request"),
        (b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n", 414, "address_too_long"),
        (b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * 65 + b"\r\n", 431, "head_too_large"),
        (b"GET / HTTP/1.1\r\nTransfer-Encoding: odd\r\n\r\n", 501, "unknown_transfer_coding"),
        (b"GET / HTTP/1.1\r\nExpect: much\r\n\r\n", 417, "expectation_failed"),
    ],
)
def test_what_gunicorn_refuses_is_refused_in_our_words(
    server: Server, capfd: pytest.CaptureFixture[str], request_bytes: bytes, status: int, code: str
) -> None:
    with server.connect() as connection:
        connection.sendall(request_bytes)
        answer = answer_on(connection)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "tr_key" not in capfd.readouterr().err


def test_a_client_that_leaves_in_the_middle_of_its_head_is_forgotten(server: Server) -> None:
    with ExitStack() as leaving:
        for _ in range(50):
            leaving.enter_context(server.connect()).sendall(b"GET /health HT")
    assert server.health_seconds() < BOUND_SECONDS


@pytest.mark.parametrize(
    ("request_line", "lane"),
    [
        ("GET /health", Lane.PROBES),
        ("HEAD /api/health?x", Lane.PROBES),
        ("GET /healthy", Lane.QUESTIONS),
        ("GET /api/jobs?limit=2", Lane.QUESTIONS),
        ("DELETE /api/jobs/abc", Lane.QUESTIONS),
        ("POST /api/jobs/abc/cancel", Lane.QUESTIONS),
        ("GET /share/abc", Lane.QUESTIONS),
        ("POST /api/jobs", Lane.TRANSFERS),
        ("POST /%61pi/jobs", Lane.TRANSFERS),
        ("GET /videos/abc.mp4?expires=1", Lane.TRANSFERS),
        ("GET /%76ideos/abc.mp4", Lane.TRANSFERS),
        ("GET http://door/videos/abc.mp4", Lane.TRANSFERS),
        ("\r\nGET /health", Lane.TRANSFERS),
        ("BREW /pot", Lane.TRANSFERS),
    ],
)
def test_what_may_carry_a_file_holds_nobody_up_who_only_asks(request_line: str, lane: Lane) -> None:
    assert lane_of(f"{request_line} HTTP/1.1\r\n".encode()) is lane
