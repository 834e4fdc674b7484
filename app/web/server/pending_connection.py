"""One connection of gunicorn's, and the head of the request that is arriving on it."""

from __future__ import annotations

import select
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from gunicorn.workers.gthread import TConn  # type: ignore[import-untyped]

from app.web.server.slow_clients import RateCheckedSocket

#: What a request line and its headers may take together: four times what common servers allow a cookie.
MAX_HEAD_BYTES = 32 * 1024
_RECV_BYTES = 64 * 1024
_END_OF_HEAD = b"\r\n\r\n"


class HeadState(Enum):
    """How far a request's head has come."""

    PARTIAL = auto()
    WHOLE = auto()
    TOO_LARGE = auto()
    GONE = auto()


class PendingConnection(TConn):  # type: ignore[misc]
    """gunicorn's connection; its head is received without waiting, its end is somebody else's to wait for."""

    sock: RateCheckedSocket

    def __init__(self, *connection: Any, close_gracefully: Callable[[RateCheckedSocket], None]) -> None:
        super().__init__(*connection)
        self._close_gracefully = close_gracefully
        self.head = bytearray()
        # What gunicorn does later, in a thread: the head is handed to the parser before that.
        self.init()
        self.data_ready = True

    def expect_request(self) -> None:
        """A new request begins, perhaps with bytes that came behind the last one."""
        self.sock.setblocking(False)
        self.head = bytearray(self.parser.unreader.take_buffered())

    def receive(self) -> HeadState:
        """Takes what has arrived. A whole head, and what came behind it, goes to gunicorn's parser."""
        arrival = self._judge(searched_bytes=0) if self.head else HeadState.PARTIAL
        if arrival is HeadState.PARTIAL:
            arrival = self._receive_more()
        if arrival is HeadState.WHOLE:
            self.parser.unreader.unread(bytes(self.head))
        return arrival

    def is_writable(self) -> bool:
        """Whether there is room for one: who only asks and never reads must not hold a thread."""
        room = select.poll()
        room.register(self.sock, select.POLLOUT)
        return bool(room.poll(0))

    def close(self, graceful: bool = False) -> None:
        if graceful:
            self._close_gracefully(self.sock)
        else:
            self.sock.close()

    def _receive_more(self) -> HeadState:
        try:
            data = self.sock.recv_waiting(_RECV_BYTES)
        except BlockingIOError:
            return HeadState.PARTIAL
        except OSError:
            return HeadState.GONE
        if not data:
            return HeadState.GONE
        searched_bytes = len(self.head)
        self.head += data
        return self._judge(searched_bytes)

    def _judge(self, searched_bytes: int) -> HeadState:
        end = self.head.find(_END_OF_HEAD, max(0, searched_bytes - len(_END_OF_HEAD) + 1))
        if end > MAX_HEAD_BYTES or (end < 0 and len(self.head) > MAX_HEAD_BYTES):
            return HeadState.TOO_LARGE
        return HeadState.PARTIAL if end < 0 else HeadState.WHOLE
