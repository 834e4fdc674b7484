"""How slowly a client may send or take: the guard against connections that hold a thread and drip.

gunicorn's `timeout` watches a worker, not a request, and a socket timeout starts anew with every byte.
A service that stops is the other reason why a body isn't waited for any longer.
"""

from __future__ import annotations

import errno
import socket
import struct
import time
from dataclasses import dataclass
from typing import Any

from app.errors import Stopping
from app.web.server.parked_connections import ParkedClient

#: One receive takes at most this much, and so much memory.
MAX_RECV_BYTES = 256 * 1024
#: How long one receive waits before it looks at the clock.
LOOK_SECONDS = 0.25


@dataclass(frozen=True)
class MinRate:
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


@dataclass
class DrainDeadline:
    """When the bodies that are still on their way are given up: set once, by the worker that stops."""

    at: float | None = None

    def in_seconds(self, seconds: float) -> None:
        self.at = self.at or time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        return self.at is not None and time.monotonic() > self.at


class RateCheckedSocket(socket.socket):
    """An accepted connection whose receives fail once a request falls behind its Pace.

    In a body that is a TimeoutError, which the application answers; Stopping after the last call. In a head,
    and where the client doesn't take its answer, it is a ConnectionResetError: gunicorn closes on that
    without a word.
    """

    pace = MinRate()
    last_call = DrainDeadline()
    #: Who stays on the connection when its request is over (`app.web.server.parked_connections`).
    client: ParkedClient | None = None
    _began_at: float | None = None
    _received_bytes = 0
    _in_body = False

    def begin_body(self) -> None:
        """The head is complete: from now on the application can answer."""
        self._in_body = True

    def end_request(self) -> None:
        """What comes now is another request."""
        self._began_at, self._received_bytes, self._in_body = None, 0, False

    def recv_waiting(self, max_bytes: int) -> bytes:
        """What has arrived of a head; empty at the end. Raises BlockingIOError where nothing has."""
        data = super().recv(max_bytes, socket.MSG_DONTWAIT)
        self._count(data)
        return data

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = self._recv_in_time(min(bufsize, MAX_RECV_BYTES), flags)
        elapsed_seconds = self._count(data)
        if data and not self.pace.allows(elapsed_seconds, self._received_bytes):
            raise self._too_slow()
        return data

    def _recv_in_time(self, bufsize: int, flags: int) -> bytes:
        waited_since = time.monotonic()
        while not (self._in_body and self.last_call.is_over):
            try:
                return super().recv(bufsize, flags)
            except BlockingIOError:
                if time.monotonic() - waited_since > self.pace.stall_seconds:
                    raise self._too_slow() from None
        raise Stopping

    def _count(self, data: bytes) -> float:
        """Returns the seconds since the request's first byte."""
        now = time.monotonic()
        if self._began_at is None:
            self._began_at = now
        self._received_bytes += len(data)
        return now - self._began_at

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


def paced(connection: socket.socket, pace: MinRate, last_call: DrainDeadline) -> RateCheckedSocket:
    """Takes over an accepted connection.

    The kernel's timeouts (socket(7)) leave the socket a blocking one, as gunicorn needs it.
    """
    taken = RateCheckedSocket(fileno=connection.detach())
    taken.pace, taken.last_call = pace, last_call
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, _timeval(min(LOOK_SECONDS, pace.stall_seconds)))
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _timeval(pace.stall_seconds))
    return taken


def _timeval(seconds: float) -> bytes:
    return struct.pack("@ll", int(seconds), int(seconds % 1 * 1_000_000))
