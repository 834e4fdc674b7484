"""TLS sockets that keep to one deadline over all their reads and writes, instead of a timeout for each."""

from __future__ import annotations

import ssl
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import certifi


@dataclass(frozen=True)
class Deadline:
    """A moment on the monotonic clock, in seconds."""

    at: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        return cls(time.monotonic() + seconds)

    def left_seconds(self) -> float:
        """What is left, always above zero.

        Raises:
            TimeoutError: nothing is left.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the deadline has passed")
        return left


class DeadlineSocket(ssl.SSLSocket):
    """A byte now and then keeps a plain socket's timeout from ever firing; not this one's."""

    deadline: Deadline | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        self._hurry()
        return super().recv_into(*args, **kwargs)

    def send(self, *args: Any, **kwargs: Any) -> int:
        self._hurry()
        return super().send(*args, **kwargs)

    def _hurry(self) -> None:
        if self.deadline:
            self.settimeout(self.deadline.left_seconds())


def with_deadline(wire: ssl.SSLSocket, deadline: Deadline) -> ssl.SSLSocket:
    """Holds a socket of `tls_context` to `deadline` from here on.

    The handshake needs no help: `ssl` counts its timeout over the whole of it.
    """
    assert isinstance(wire, DeadlineSocket)
    wire.deadline = deadline
    return wire


@lru_cache(maxsize=8)
def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """Verifies by the system's authorities (certifi's where the system has none) and those in `ca_file`."""
    context = ssl.create_default_context()
    context.sslsocket_class = DeadlineSocket
    context.set_alpn_protocols(["http/1.1"])
    known = ssl.get_default_verify_paths()
    if not (known.cafile or known.capath):
        context.load_verify_locations(certifi.where())
    if ca_file:
        context.load_verify_locations(ca_file)
    return context
