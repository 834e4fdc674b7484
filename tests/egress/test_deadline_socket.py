"""Nobody can hold `post` past its deadline: not the resolver, the handshake, the head or the body."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from app.egress.http_client import Answer, EgressPolicy, Timeout, post
from tests.support.receiver import Receiver, Reply

#: What a call may take beyond its deadline on a machine that is busy with other things.
GRACE_SECONDS = 2


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as one:
        yield one


def deliver(receiver: Receiver, url: str = "", *, deadline_seconds: float) -> Answer:
    return post(url or receiver.url, b"{}", {}, policy=receiver.policy, deadline_seconds=deadline_seconds)


@pytest.mark.fault(14)
@pytest.mark.parametrize(
    "reply", [Reply(hang=True), Reply(drip_seconds=0.05, drips_head=True, body_bytes=1000)]
)
def test_an_answer_that_never_comes_ends_at_the_deadline(receiver: Receiver, reply: Reply) -> None:
    receiver.script(reply)
    begun = time.monotonic()
    with pytest.raises(Timeout):
        deliver(receiver, deadline_seconds=0.5)
    assert 0.5 <= time.monotonic() - begun < 0.5 + GRACE_SECONDS


@pytest.mark.fault(14)
def test_a_body_that_drips_is_left_at_the_deadline_and_the_status_counts(receiver: Receiver) -> None:
    receiver.script(Reply(drip_seconds=0.05, body_bytes=1000))
    begun = time.monotonic()
    assert deliver(receiver, deadline_seconds=0.5).status == 200
    assert 0.5 <= time.monotonic() - begun < 0.5 + GRACE_SECONDS


def test_a_handshake_that_stalls_ends_at_the_deadline(receiver: Receiver) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        begun = time.monotonic()
        with pytest.raises(Timeout):
            deliver(receiver, url, deadline_seconds=0.3)
    assert time.monotonic() - begun < 0.3 + GRACE_SECONDS


def test_a_resolver_that_hangs_ends_at_the_deadline(receiver: Receiver) -> None:
    over = threading.Event()

    def hanging(host: str, port: int) -> Sequence[str]:
        over.wait()
        return ["127.0.0.1"]

    begun = time.monotonic()
    with pytest.raises(Timeout):
        post("https://hook.test/", b"", {}, policy=EgressPolicy(), deadline_seconds=0.3, resolve=hanging)
    over.set()
    assert time.monotonic() - begun < 0.3 + GRACE_SECONDS
