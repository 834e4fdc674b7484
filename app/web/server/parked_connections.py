"""Where connections are that wait for a job: they cost a socket and a place in the loop, and no thread.

What they are told is little, and the kernel holds a good deal of it. So there is no buffer of ours: whoever
doesn't take a word at once has long stopped reading, and is let go.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, BaseSelector
from typing import Protocol

from app.web.live.subscribers import Message, Send

#: What the kernel holds for a client that doesn't read; Linux doubles it.
SEND_BUFFER_BYTES = 32 * 1024
#: How much a client may send that has nothing to say.
MAX_IDLE_BYTES = 64 * 1024
#: A client's machine that is gone without a word doesn't confirm heartbeats (tcp(7)).
UNCONFIRMED_MS = 60_000


class ParkedClient(Protocol):
    """Who stays on a connection: `app.web.live.job_watcher.Watch`."""

    greeting: bytes

    def settle(self, say: Send) -> None: ...

    def leave(self) -> None: ...

    def farewell(self) -> Message: ...


class ParkedConnections:
    """Belongs to one loop, and is used in its thread only."""

    def __init__(self, poller: BaseSelector, defer: Callable[..., None]) -> None:
        """`defer` calls a function in the loop's thread, and may itself be called in any."""
        self._poller = poller
        self._defer = defer
        self._connections: dict[ParkedClient, socket.socket] = {}
        self._idle_bytes: dict[ParkedClient, int] = {}
        self._is_closed = False

    def take(self, connection: socket.socket, guest: ParkedClient) -> None:
        """Greets the guest, and sends what is said to it until the last word, or until its client is gone."""
        self._connections[guest] = connection
        try:
            _prepare(connection)
            self._poller.register(connection, EVENT_READ, partial(self._listen, guest))
        except OSError:
            self._part(guest)
            return
        self._send(guest, Message(guest.greeting))
        if self._is_closed:
            self.dismiss(guest)
        elif guest in self._connections:
            guest.settle(partial(self._defer, self._send, guest))

    def close(self) -> list[ParkedClient]:
        """Who is still here, each to be dismissed; whoever comes from now on is dismissed at once."""
        self._is_closed = True
        return list(self._connections)

    def dismiss(self, guest: ParkedClient) -> None:
        """Says farewell."""
        self._send(guest, guest.farewell())

    def abandon(self, connection: object) -> bool:
        """Lets its guest go, if it is one of ours."""
        found = [guest for guest, each in self._connections.items() if each is connection]
        for guest in found:
            self._part(guest)
        return bool(found)

    def _send(self, guest: ParkedClient, word: Message) -> None:
        connection = self._connections.get(guest)
        if connection and (not _takes(connection, word.data) or word.is_last):
            self._part(guest)

    def _listen(self, guest: ParkedClient, connection: socket.socket) -> None:
        """It has nothing to say; but this is how we learn that it is gone."""
        try:
            count = len(connection.recv(MAX_IDLE_BYTES))
        except BlockingIOError:
            return
        except OSError:
            count = 0
        said_bytes = self._idle_bytes[guest] = self._idle_bytes.get(guest, 0) + count
        if count == 0 or said_bytes > MAX_IDLE_BYTES:
            self._part(guest)

    def _part(self, guest: ParkedClient) -> None:
        connection = self._connections.pop(guest)
        self._idle_bytes.pop(guest, None)
        if connection in self._poller.get_map():
            self._poller.unregister(connection)
        connection.close()
        guest.leave()


def _prepare(connection: socket.socket) -> None:
    connection.setblocking(False)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)
    if sys.platform == "linux":
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNCONFIRMED_MS)


def _takes(connection: socket.socket, data: bytes) -> bool:
    """Whether all of it could be sent without waiting."""
    with suppress(OSError):
        return connection.send(data) == len(data)
    return False
