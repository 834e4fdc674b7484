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

    def take(self, connection: socket.socket, client: ParkedClient) -> None:
        """Greets the client, and sends what is said to it until the last word, or until it is gone."""
        self._connections[client] = connection
        try:
            _prepare(connection)
            self._poller.register(connection, EVENT_READ, partial(self._listen, client))
        except OSError:
            self._part(client)
            return
        self._send(client, Message(client.greeting))
        if self._is_closed:
            self.dismiss(client)
        elif client in self._connections:
            client.settle(partial(self._defer, self._send, client))

    def close(self) -> list[ParkedClient]:
        """Who is still here, each to be dismissed; whoever comes from now on is dismissed at once."""
        self._is_closed = True
        return list(self._connections)

    def dismiss(self, client: ParkedClient) -> None:
        """Says farewell."""
        self._send(client, client.farewell())

    def abandon(self, connection: object) -> bool:
        """Lets its client go, if it is one of ours."""
        found = [client for client, each in self._connections.items() if each is connection]
        for client in found:
            self._part(client)
        return bool(found)

    def _send(self, client: ParkedClient, word: Message) -> None:
        connection = self._connections.get(client)
        if connection and (not _takes(connection, word.data) or word.is_last):
            self._part(client)

    def _listen(self, client: ParkedClient, connection: socket.socket) -> None:
        """It has nothing to say; but this is how we learn that it is gone."""
        try:
            count = len(connection.recv(MAX_IDLE_BYTES))
        except BlockingIOError:
            return
        except OSError:
            count = 0
        said_bytes = self._idle_bytes[client] = self._idle_bytes.get(client, 0) + count
        if count == 0 or said_bytes > MAX_IDLE_BYTES:
            self._part(client)

    def _part(self, client: ParkedClient) -> None:
        connection = self._connections.pop(client)
        self._idle_bytes.pop(client, None)
        if connection in self._poller.get_map():
            self._poller.unregister(connection)
        connection.close()
        client.leave()


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
