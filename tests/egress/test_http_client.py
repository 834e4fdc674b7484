from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.config.settings import Settings
from app.egress.http_client import (
    Answer,
    BadAnswer,
    BlockedAddress,
    ConnectFailed,
    EgressPolicy,
    NameNotResolved,
    TlsFailed,
    post,
)
from tests.support.receiver import Names, Receiver, Reply

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as one:
        yield one


def deliver(receiver: Receiver, url: str = "") -> Answer:
    return post(url or receiver.url, b"{}", {}, policy=receiver.policy)


def test_the_body_arrives_as_it_was_sent(receiver: Receiver) -> None:
    url = f"https://127.0.0.1:{receiver.port}/a/b?c=%20d#e"
    answer = post(url, b'{"\xc3\xa4": 1}', {"X-Webhook-Event": "job.completed"}, policy=receiver.policy)
    (request,) = receiver.wait_for(1)
    assert answer == Answer(200, None)
    assert request.path == "/a/b?c=%20d"
    assert request.body == b'{"\xc3\xa4": 1}'
    assert request.headers["X-Webhook-Event"] == "job.completed"
    assert request.headers["Content-Length"] == "9"


def test_a_name_is_looked_up_once_and_verified_by_its_certificate(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"])
    url = f"https://hook.test:{receiver.port}/"
    assert post(url, b"", {}, policy=receiver.policy, resolve=names).status == 200
    assert names.asked == ["hook.test"]
    assert receiver.wait_for(1)[0].headers["Host"] == f"hook.test:{receiver.port}"


def test_the_next_address_is_tried_when_nobody_listens_at_the_first(receiver: Receiver) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    url = f"https://hook.test:{receiver.port}/"
    assert post(url, b"", {}, policy=receiver.policy, resolve=names).status == 200


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["127.0.0.1", "8.8.8.8"],
        ["10.0.0.1"],
        ["169.254.169.254"],
        ["::1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["fe80::1%lo"],
    ],
)
def test_a_name_that_leads_inside_is_refused_without_a_connection(
    receiver: Receiver, addresses: list[str]
) -> None:
    policy = EgressPolicy((), None, receiver.ca_file)
    names = Names(addresses)
    with pytest.raises(BlockedAddress):
        post(f"https://hook.test:{receiver.port}/", b"", {}, policy=policy, resolve=names)
    assert receiver.connections == 0
    assert len(names.asked) == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f000001", "2130706433", "127.1", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_the_loopback_is_refused_without_a_connection(receiver: Receiver, host: str) -> None:
    with pytest.raises(BlockedAddress):
        post(f"https://{host}:{receiver.port}/", b"", {}, policy=EgressPolicy((), None, receiver.ca_file))
    assert receiver.connections == 0


@pytest.mark.fault(15)
def test_a_name_that_changes_its_mind_gains_nothing(receiver: Receiver) -> None:
    # 127.0.0.9 is the address that passes the check, 127.0.0.1 the one the name would lead to afterwards.
    names = Names(["127.0.0.9"], ["127.0.0.1"])
    policy = EgressPolicy((ip_network("127.0.0.9/32"),), None, receiver.ca_file)
    with pytest.raises(ConnectFailed):
        post(f"https://hook.test:{receiver.port}/", b"", {}, policy=policy, resolve=names)
    assert names.asked == ["hook.test"]
    assert receiver.connections == 0


def test_a_port_that_is_not_allowed_is_refused_without_a_connection(receiver: Receiver) -> None:
    with pytest.raises(BlockedAddress):
        post(receiver.url, b"", {}, policy=EgressPolicy(LOOPBACK, (443,), receiver.ca_file))
    assert receiver.connections == 0


def test_a_certificate_for_another_name_is_refused(receiver: Receiver) -> None:
    names = Names(["127.0.0.1"])
    with pytest.raises(TlsFailed):
        post(f"https://other.test:{receiver.port}/", b"", {}, policy=receiver.policy, resolve=names)
    assert receiver.requests == []


def test_an_unknown_authority_is_refused(receiver: Receiver) -> None:
    with pytest.raises(TlsFailed):
        post(receiver.url, b"", {}, policy=EgressPolicy(LOOPBACK, None))
    assert receiver.requests == []


def test_a_proxy_from_the_environment_is_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert deliver(receiver).status == 200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.script(Reply(status, {"Location": receiver.url}))
    assert deliver(receiver).status == status
    assert receiver.connections == 1


def test_retry_after_is_handed_on(receiver: Receiver) -> None:
    receiver.script(Reply(503, {"Retry-After": "7"}))
    assert deliver(receiver) == Answer(503, "7")


@pytest.mark.fault(14)
def test_a_huge_answer_is_cut_off(receiver: Receiver) -> None:
    receiver.script(Reply(body_bytes=1 << 30))
    assert deliver(receiver).status == 200
    receiver.wait_until_idle()
    assert receiver.sent_bytes < 32 << 20  # what fits into the buffers on the way


def test_a_name_that_does_not_exist_is_said_so() -> None:
    def unknown(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    with pytest.raises(NameNotResolved) as failure:
        post("https://hook.test/", b"", {}, policy=EgressPolicy(), resolve=unknown)
    assert failure.value.error_class == "name_not_resolved"


def test_a_name_without_an_address_is_not_resolved() -> None:
    with pytest.raises(NameNotResolved):
        post("https://hook.test/", b"", {}, policy=EgressPolicy(), resolve=Names([]))


def test_a_port_where_nobody_listens_is_said_so(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ConnectFailed):
        deliver(receiver, f"https://127.0.0.1:{port}/")


@pytest.mark.parametrize(
    "raw", [b"", b"SSH-2.0-x\r\n", b"HTTP/1.1 abc\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"a" * 70_000]
)
def test_an_answer_that_is_not_http_is_said_so(receiver: Receiver, raw: bytes) -> None:
    receiver.script(Reply(raw=raw))
    with pytest.raises(BadAnswer):
        deliver(receiver)


def test_a_listener_without_tls_is_said_so(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:

        def greet() -> None:
            connection, _ = plain.accept()
            with connection:
                connection.sendall(b"220 mail.test ESMTP\r\n")
                connection.recv(1)

        thread = threading.Thread(target=greet)
        thread.start()
        with pytest.raises(TlsFailed):
            deliver(receiver, f"https://127.0.0.1:{plain.getsockname()[1]}/")
        thread.join()


def test_the_policy_comes_from_the_settings(monkeypatch: pytest.MonkeyPatch, receiver: Receiver) -> None:
    monkeypatch.setenv("WEBHOOK_ALLOW_NETS", "127.0.0.0/8")
    monkeypatch.setenv("WEBHOOK_ALLOW_PORTS", "*")
    monkeypatch.setenv("WEBHOOK_CA_FILE", str(receiver.ca_file))
    assert EgressPolicy.from_settings(Settings.load()) == receiver.policy
