"""The waiting room in a loop of the test's own, with real connections."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Iterator
from functools import partial
from queue import SimpleQueue

import pytest

from app.web.live.subscribers import Message, Send
from app.web.server.parked_connections import MAX_IDLE_BYTES, SEND_BUFFER_BYTES, ParkedConnections


class ParkedClient:
    """Says what the test tells it to."""

    def __init__(self) -> None:
        self.greeting = b"good day"
        self.say: Send | None = None
        self.has_left = False

    def settle(self, say: Send) -> None:
        self.say = say

    def leave(self) -> None:
        self.has_left = True

    def farewell(self) -> Message:
        return Message(b"farewell", is_last=True)


class Loop:
    """A room with one guest, and the loop around it."""

    def __init__(self, ours: socket.socket, client: socket.socket) -> None:
        self.client = client
        self.guest = ParkedClient()
        self.poller = selectors.DefaultSelector()
        self._deferred: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.room = ParkedConnections(self.poller, self._defer)
        self._ours = ours

    def _defer(self, call: Callable[..., object], *arguments: object) -> None:
        self._deferred.put(partial(call, *arguments))

    def take(self) -> None:
        self.room.take(self._ours, self.guest)

    def say(self, data: bytes, is_last: bool = False) -> None:
        assert self.guest.say
        self.guest.say(Message(data, is_last))
        self._deferred.get(timeout=1)()

    def turn(self) -> None:
        """Waits for something to happen on the connection, and deals with it."""
        for key, _ in self.poller.select(10):
            key.data(key.fileobj)

    def heard(self, size_bytes: int) -> bytes:
        return self.client.recv(size_bytes, socket.MSG_WAITALL)


@pytest.fixture
def loop() -> Iterator[Loop]:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SEND_BUFFER_BYTES)
        client.settimeout(10)
        client.connect(listener.getsockname())
        loop = Loop(listener.accept()[0], client)
        loop.take()
        yield loop
        loop.room.close()
        loop.poller.close()


def test_a_guest_is_greeted_and_told_until_the_last_word(loop: Loop) -> None:
    loop.say(b", how are you")
    loop.say(b"? Bye", is_last=True)

    assert loop.heard(100) == b"good day, how are you? Bye"
    assert loop.guest.has_left


def test_a_client_that_goes_is_forgotten(loop: Loop) -> None:
    loop.client.close()
    loop.turn()

    assert loop.guest.has_left
    loop.say(b"to nobody")


def test_a_client_that_does_not_read_is_cut_off(loop: Loop) -> None:
    for _ in range(10_000):
        if loop.guest.has_left:
            break
        loop.say(bytes(1000))

    assert loop.guest.has_left


def test_a_client_that_goes_on_sending_is_cut_off(loop: Loop) -> None:
    loop.client.sendall(b"what I wanted to say")
    loop.turn()
    assert not loop.guest.has_left

    for _ in range(2):
        loop.client.sendall(bytes(MAX_IDLE_BYTES // 2))
        while not loop.guest.has_left and loop.poller.select(0.2):
            loop.turn()

    assert loop.guest.has_left


def test_a_room_that_closes_says_farewell_to_all_and_to_who_comes_late(loop: Loop) -> None:
    for guest in loop.room.close():
        loop.room.dismiss(guest)
    assert loop.heard(100) == b"good dayfarewell"
    assert loop.guest.has_left


def test_who_comes_to_a_closed_room_is_greeted_and_seen_off() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as listener,
        socket.create_connection(listener.getsockname(), timeout=10) as client,
    ):
        late = Loop(listener.accept()[0], client)
        late.room.close()
        late.take()
        late.poller.close()

        assert late.heard(100) == b"good dayfarewell"
        assert late.guest.has_left
        assert late.guest.say is None
