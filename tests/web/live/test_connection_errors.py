"""Whatever a connection does in whatever state, its end is its own: the worker and the others go on."""

from __future__ import annotations

import resource
import socket
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field

import psutil
import pytest

from tests.support.service import wait_until
from tests.support.world import Person
from tests.web.live.clients import Web
from tests.web.server.served import head
from tests.web.upload.bodies import PNG, part

#: A ClientHello as a browser begins one that takes us for HTTPS (RFC 8446, 4.1.2), cut off within.
CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(range(64))
NAP_SECONDS = 0.01
CROWD = 10_000
CONNECTIONS = 4
#: What the process itself may open meanwhile: database, Valkey, metrics.
SPARE_FILES = 20
HUNDRED_MB = 100_000_000

#: What a client says to bring its connection into a state.
State = Callable[[Person, str], bytes]
Attack = Callable[[socket.socket], None]


def idle(_person: Person, _job_id: str) -> bytes:
    return b""


def in_the_head(_person: Person, _job_id: str) -> bytes:
    return b"GET /health HTTP/1.1\r\nHost: web\r\nX-Half: "


def with_a_head_that_is_too_large(_person: Person, _job_id: str) -> bytes:
    return b"GET /health HTTP/1.1\r\nX-Large: " + b"x" * 40_000


def with_too_many_headers(_person: Person, _job_id: str) -> bytes:
    return b"GET /health HTTP/1.1\r\n" + b"X-One: 1\r\n" * 500 + b"\r\n"


def in_the_body(person: Person, _job_id: str) -> bytes:
    return head("/api/jobs", 1_000_000, _key(person)) + part("image", PNG)


def refused(_person: Person, _job_id: str) -> bytes:
    return head("/api/jobs", HUNDRED_MB) + bytes(70_000)


def answering(person: Person, _job_id: str) -> bytes:
    return b"".join(
        b"GET /api/jobs HTTP/1.1\r\nHost: web\r\n%s\r\n\r\n" % _key(person).encode() for _ in range(20)
    )


def streaming(person: Person, job_id: str) -> bytes:
    return _get(f"/api/jobs/{job_id}/events", _key(person))


def waiting(person: Person, job_id: str) -> bytes:
    return _get(f"/api/status/{job_id}", _key(person), "Prefer: wait=30")


def lingering(_person: Person, _job_id: str) -> bytes:
    return b"GET /health HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n"


STATES = (
    idle,
    in_the_head,
    with_a_head_that_is_too_large,
    with_too_many_headers,
    in_the_body,
    refused,
    answering,
    streaming,
    waiting,
    lingering,
)


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def half_close(connection: socket.socket) -> None:
    connection.shutdown(socket.SHUT_WR)


def garbage(connection: socket.socket) -> None:
    connection.sendall(bytes(range(256)) * 300)


def tls(connection: socket.socket) -> None:
    connection.sendall(CLIENT_HELLO)


def drip(connection: socket.socket) -> None:
    for byte in b"X-Drip: 1\r\n":
        connection.sendall(bytes([byte]))
        time.sleep(NAP_SECONDS)


ATTACKS = (reset, half_close, garbage, tls, drip)


def _key(person: Person) -> str:
    return f"X-API-Key: {person.key.api_key}"


def _get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: web", *headers, "", ""]).encode()


@pytest.fixture(scope="module")
def attacked(shared_web: Web) -> Iterator[Attacked]:
    """One web process that all attacks of this file go to; at the end it is still the same one, as it was."""
    found = Attacked(shared_web, shared_web.world.person("attacker"))
    before = found.open_files
    yield found
    wait_until(lambda: found.open_files <= before + SPARE_FILES, seconds=60)


@dataclass
class Attacked:
    """A web process, and a person with a job to follow."""

    web: Web
    person: Person
    job_id: str = field(init=False)
    worker: psutil.Process = field(init=False)

    def __post_init__(self) -> None:
        self.job_id = self.person.submitted()
        self.worker = psutil.Process(self.web.server.process.pid).children()[0]

    @property
    def open_files(self) -> int:
        return self.worker.num_fds()

    def opened(self, stack: ExitStack, state: State) -> socket.socket:
        """A connection in this state."""
        connection = stack.enter_context(self.web.server.connect())
        with suppress(OSError):  # refused in the middle of it
            connection.sendall(state(self.person, self.job_id))
        return connection

    def is_unhurt(self) -> bool:
        """Whether the same process serves as before."""
        serves = bool(self.web.server.health())
        return serves and self.person.status(self.job_id)["status"] == "PENDING" and self.worker.is_running()


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_an_attack_ends_no_connection_but_its_own(attacked: Attacked, state: State, attack: Attack) -> None:
    with ExitStack() as stack:
        bystander = stack.enter_context(attacked.web.follow(attacked.person, attacked.job_id))
        bystander.until("PENDING")
        for connection in [attacked.opened(stack, state) for _ in range(CONNECTIONS)]:
            with suppress(OSError):
                attack(connection)
            connection.close()
        assert attacked.is_unhurt()
        bystander.until(": ")  # a heartbeat, after the attack


def test_ten_thousand_idle_connections_at_once_shut_nobody_out(attacked: Attacked) -> None:
    with many_files(2 * CROWD), ExitStack() as stack:
        for _ in range(CROWD):
            attacked.opened(stack, idle)
        assert attacked.is_unhurt()
    assert attacked.is_unhurt()


def test_ten_thousand_heads_that_are_too_large_and_reset(attacked: Attacked) -> None:
    for _ in range(CROWD):
        with ExitStack() as stack:
            reset(attacked.opened(stack, with_too_many_headers))
    assert attacked.is_unhurt()


@contextmanager
def many_files(count: int) -> Iterator[None]:
    """Lets this process have so many files open."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(count, hard)), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
