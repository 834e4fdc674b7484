"""The end of a connection, once its last answer is given.

A server that closes a socket with unread bytes makes the kernel send a reset, which may take the answer
with it (RFC 9112, section 9.6). So we say that we are done (FIN), and go on taking what the client still
sends, for a while. gunicorn does that too, but waits for it in the loop that all its requests share: a few
clients that stay stop the whole process. Here the loop only looks at those that have sent something.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from selectors import EVENT_READ, BaseSelector

#: Long and much enough for the largest body on a fast line; who stops sending is not waited for.
LINGER_SECONDS = 10.0
LINGER_IDLE_SECONDS = 2.0
LINGER_BYTES = 128 << 20
#: With more than these the oldest is closed: it may lose its answer, the service doesn't suffer.
MAX_LINGERING = 64


@dataclass
class _Leaving:
    """Somebody who has our answer, and may not have noticed yet."""

    connection: socket.socket
    ends_at: float
    idle_at: float
    left_bytes: int = LINGER_BYTES


class Lingering:
    """Takes connections and closes each in good time. Belongs to one loop, and is used in its thread only."""

    def __init__(self, poller: BaseSelector, ended: Callable[[], None]) -> None:
        """`ended` is called after each close."""
        self._poller = poller
        self._ended = ended
        self._leaving: list[_Leaving] = []
        self._room = bytearray(256 * 1024)

    def take(self, connection: socket.socket) -> None:
        """Says that we are done, and sees the client off."""
        now = time.monotonic()
        leaving = _Leaving(connection, now + LINGER_SECONDS, now + LINGER_IDLE_SECONDS)
        self._leaving.append(leaving)
        try:
            connection.setblocking(False)
            connection.shutdown(socket.SHUT_WR)
            self._poller.register(connection, EVENT_READ, partial(self._drain, leaving))
        except OSError:
            self._close(leaving)
        if len(self._leaving) > MAX_LINGERING:
            self._close(self._leaving[0])

    def close_overdue(self) -> None:
        now = time.monotonic()
        for leaving in [each for each in self._leaving if now > min(each.ends_at, each.idle_at)]:
            self._close(leaving)

    def abandon(self, connection: object) -> bool:
        """Closes it at once, if it is one of ours."""
        found = [each for each in self._leaving if each.connection is connection]
        for leaving in found:
            self._close(leaving)
        return bool(found)

    def _drain(self, leaving: _Leaving, _connection: socket.socket) -> None:
        try:
            count = leaving.connection.recv_into(self._room)
        except BlockingIOError:
            return
        except OSError:
            count = 0  # The client is gone: that is what we were waiting for.
        leaving.left_bytes -= count
        leaving.idle_at = time.monotonic() + LINGER_IDLE_SECONDS
        if count == 0 or leaving.left_bytes <= 0:
            self._close(leaving)

    def _close(self, leaving: _Leaving) -> None:
        self._leaving.remove(leaving)
        if leaving.connection in self._poller.get_map():
            self._poller.unregister(leaving.connection)
        leaving.connection.close()
        self._ended()
