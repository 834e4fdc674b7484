"""A refusal is readable as an HTTP answer whatever the client goes on sending, and holds nobody else up."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests.web.server.served import Answer, Server, answer_on, head, running
from tests.web.upload.bodies import CONTENT_TYPE, PDF, PNG, WAV, good, part

HUNDRED_MB = 100_000_000
PIECE = bytes(1 << 20)


def flood(beginning: bytes, total_bytes: int = HUNDRED_MB) -> Iterator[bytes]:
    """`beginning`, and then zeros."""
    yield beginning
    left_bytes = total_bytes - len(beginning)
    while left_bytes > 0:
        yield PIECE[:left_bytes]
        left_bytes -= len(PIECE)


def send_all(connection: socket.socket, pieces: Iterator[bytes]) -> None:
    """Sends on, whatever is answered, until the other side won't have it."""
    try:
        for piece in pieces:
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        pass


def refused_raw(
    server: Server, path: str, beginning: bytes, content_length: int | None = HUNDRED_MB
) -> Answer:
    with server.connect() as connection:
        connection.sendall(head(path, content_length))
        send_all(connection, flood(beginning))
        return answer_on(connection)


def test_an_upload_is_taken_with_and_without_a_declared_length(server: Server) -> None:
    body, headers = good(), {"Content-Type": CONTENT_TYPE}
    declared = httpx.post(f"{server.url}/upload", content=body, headers=headers)
    chunked = httpx.post(f"{server.url}/upload", content=iter([body[:900], body[900:]]), headers=headers)
    assert declared.json() == chunked.json() == {"image": len(PNG), "audio": len(WAV)}
    assert server.leftovers() == []


def test_a_connection_serves_one_upload_after_another(server: Server) -> None:
    with server.connect() as connection:
        request = head("/upload", len(good())) + good()
        connection.sendall(request + request + head("/refused", 0, "Connection: close"))
        content = b"".join(iter(lambda: connection.recv(65536), b""))
    assert content.count(b"HTTP/1.1 200") == 2
    assert content.count(b"HTTP/1.1 401") == 1


@pytest.mark.parametrize(
    ("path", "beginning", "status", "code"),
    [
        ("/refused", b"", 401, "invalid_api_key"),
        ("/upload", part("image", PDF), 415, "unsupported_media_type"),
        ("/upload", part("image", PNG + bytes(50 << 20))[:-2], 413, "file_too_large"),
        ("/upload", b"not multipart", 400, "malformed_body"),
    ],
)
def test_a_client_that_sends_it_all_before_it_reads_sees_the_refusal(
    server: Server, path: str, beginning: bytes, status: int, code: str
) -> None:
    answer = refused_raw(server, path, beginning)
    assert (answer.status, answer.body["code"]) == (status, code)
    assert "connection: close" in answer.headers
    assert server.leftovers() == []


def test_a_declared_length_out_of_bounds_is_refused_before_the_body(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head("/upload", 200 << 20))
        assert answer_on(connection).body["code"] == "body_too_large"


def test_a_refusal_of_the_first_bytes_does_not_wait_for_more(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head("/upload", HUNDRED_MB) + part("image", PDF)[:5000])
        assert answer_on(connection).status == 415


def test_a_refusal_of_the_first_byte_too_many_does_not_wait_for_more(server: Server) -> None:
    with server.connect() as connection:
        too_long = part("image", PNG + bytes((50 << 20) + 100 - len(PNG)))
        connection.sendall(head("/upload", HUNDRED_MB) + too_long)
        assert answer_on(connection).status == 413


def test_a_chunked_body_is_refused_alike(server: Server) -> None:
    beginning = part("image", PDF)
    with server.connect() as connection:
        connection.sendall(head("/upload", None) + b"%x\r\n" % HUNDRED_MB + beginning)
        assert answer_on(connection).status == 415


@pytest.mark.parametrize("framing", [b"zz\r\n", b"3\r\nabcdef\r\n", b"-1\r\n"])
def test_a_broken_chunked_encoding_is_a_malformed_body(server: Server, framing: bytes) -> None:
    with server.connect() as connection:
        connection.sendall(head("/upload", None) + framing)
        assert answer_on(connection).body["code"] == "malformed_body"
    assert server.leftovers() == []


@pytest.mark.fault(21)
def test_a_body_cut_off_by_the_client_is_malformed_and_leaves_nothing(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head("/upload", HUNDRED_MB) + part("image", PNG + bytes(100_000)))
        connection.shutdown(socket.SHUT_WR)
        assert answer_on(connection).body["code"] == "malformed_body"
    assert server.leftovers() == []


@pytest.mark.fault(19)
def test_urllib_sees_the_refusal(server: Server) -> None:
    request = urllib.request.Request(
        f"{server.url}/refused", bytes(HUNDRED_MB), {"Content-Type": CONTENT_TYPE}
    )
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=20)
    with caught.value as answer:
        assert answer.status == 401
        assert b"invalid_api_key" in answer.read()


def test_httpx_sees_the_refusal(server: Server) -> None:
    answer = httpx.post(
        f"{server.url}/refused", content=bytes(HUNDRED_MB), headers={"Content-Type": CONTENT_TYPE}, timeout=60
    )
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


@pytest.mark.fault(19)
@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("option", ["Expect: 100-continue", "Expect:"])
def test_curl_sees_the_refusal_and_sends_nothing_if_it_asks_first(
    server: Server, tmp_path: Path, option: str
) -> None:
    file = tmp_path / "sixty"
    file.write_bytes(bytes(60_000_000))
    argv = ["curl", "-sS", "-H", option, "-F", f"image=@{file}", "-w", "\n%{http_code} %{size_upload}"]
    done = subprocess.run(
        [*argv, f"{server.url}/refused"], capture_output=True, text=True, check=True, timeout=20
    )
    body, _, facts = done.stdout.rpartition("\n")
    status, sent_bytes = facts.split()
    assert (status, "invalid_api_key" in body) == ("401", True)
    assert int(sent_bytes) == 0 or option == "Expect:"


def test_a_client_that_asks_first_is_told_to_continue_once_its_body_is_wanted(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(head("/upload", len(good()), "Expect: 100-continue", "Connection: close"))
        assert connection.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(good())
        assert answer_on(connection).status == 200


@pytest.mark.fault(20)
def test_idle_refused_clients_do_not_stall_anybody(server: Server) -> None:
    with ExitStack() as idle:
        for _ in range(16):
            connection = idle.enter_context(server.connect())
            connection.sendall(head("/refused", HUNDRED_MB))
        assert max(server.health_seconds() for _ in range(10)) < 1.5


def test_refused_clients_that_go_on_sending_do_not_stall_anybody(server: Server) -> None:
    with ExitStack() as sending:
        for _ in range(8):
            connection = sending.enter_context(server.connect())
            connection.sendall(head("/refused", HUNDRED_MB) + PIECE)
        assert max(server.health_seconds() for _ in range(10)) < 1.5


def test_an_answer_to_a_get_whose_body_never_comes_holds_no_thread(server: Server) -> None:
    with ExitStack() as idle:
        for _ in range(8):
            connection = idle.enter_context(server.connect())
            connection.sendall(b"GET /health HTTP/1.1\r\nHost: door\r\nContent-Length: 1000\r\n\r\n")
        assert server.health_seconds() < 1.5


def test_a_kept_connection_survives_an_answer_to_a_whole_request(server: Server) -> None:
    with httpx.Client(base_url=server.url) as client:
        answers = [client.post("/refused", content=b"").status_code, client.get("/health").status_code]
        assert answers == [401, 200]


def test_the_server_stops_quickly_while_refused_clients_linger(tmp_path: Path) -> None:
    with running(tmp_path, "app.web.server.gunicorn_conf") as server, server.connect() as connection:
        connection.sendall(head("/refused", HUNDRED_MB))
        answer_on(connection)
        began_at = time.monotonic()
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert time.monotonic() - began_at < 9
