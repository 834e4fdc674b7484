"""How slowly a client may send or take: the guard against connections that hold a thread and drip.

gunicorn's `timeout` watches a worker, not a request, and a socket timeout starts anew with every byte.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

#: One receive takes at most this much, and so much memory.
MAX_RECV_BYTES = 256 * 1024


@dataclass(frozen=True)
class Pace:
    """What one request, head and body, has to keep up with."""

    #: The longest pause between two bytes.
    stall_seconds: float = 10
    #: How long the average rate doesn't matter.
    grace_seconds: float = 10
    min_bytes_per_second: float = 16 * 1024
    total_seconds: float = 600

    def allows(self, elapsed_seconds: float, received_bytes: int) -> bool:
        """Whether `received_bytes` are enough after `elapsed_seconds`."""
        if elapsed_seconds > self.total_seconds:
            return False
        rated_seconds = elapsed_seconds - self.grace_seconds
        return rated_seconds <= 0 or received_bytes >= rated_seconds * self.min_bytes_per_second


class PacedSocket(socket.socket):
    """An accepted connection whose receives fail once a request falls behind its Pace.

    In a body that is a TimeoutError, which the application answers. In a head, and where the client
    doesn't take its answer, it is a ConnectionResetError: gunicorn closes on that without a word.
    """

    pace = Pace()
    _began_at: float | None = None
    _received_bytes = 0
    _in_body = False

    def begin_body(self) -> None:
        """The head is complete: from now on the application can answer."""
        self._in_body = True

    def end_request(self) -> None:
        """What comes now is another request."""
        self._began_at, self._received_bytes, self._in_body = None, 0, False

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        if self._began_at is None:
            self._began_at = time.monotonic()
        try:
            data = super().recv(min(bufsize, MAX_RECV_BYTES), flags)
        except BlockingIOError:
            raise self._too_slow() from None
        self._received_bytes += len(data)
        if data and not self.pace.allows(time.monotonic() - self._began_at, self._received_bytes):
            raise self._too_slow()
        return data

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        try:
            super().sendall(data, flags)
        except BlockingIOError:
            raise _gone("the client doesn't take its answer") from None

    def sendfile(self, file: Any, offset: int = 0, count: int | None = None) -> int:
        # The standard library waits for ever on a socket without a timeout of its own.
        self.settimeout(self.pace.stall_seconds)
        try:
            return super().sendfile(file, offset, count)
        except TimeoutError:
            raise _gone("the client doesn't take its answer") from None
        finally:
            self.settimeout(None)

    def _too_slow(self) -> OSError:
        if self._in_body:
            return TimeoutError("the client sends too slowly")
        return _gone("the client sends its request too slowly")


def _gone(why: str) -> ConnectionResetError:
    return ConnectionResetError(errno.ECONNRESET, why)


def pace_listener(listener: Any, pace: Pace) -> None:
    """Makes a gunicorn listener accept PacedSockets."""
    accept = listener.accept

    def accept_paced() -> tuple[PacedSocket, Any]:
        connection, address = accept()
        return _paced(connection, pace), address

    listener.accept = accept_paced


def _paced(connection: socket.socket, pace: Pace) -> PacedSocket:
    """The kernel's timeouts (socket(7)) leave the socket a blocking one, as gunicorn needs it."""
    paced = PacedSocket(fileno=connection.detach())
    paced.pace = pace
    for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
        paced.setsockopt(socket.SOL_SOCKET, option, _timeval(pace.stall_seconds))
    return paced


def _timeval(seconds: float) -> bytes:
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
