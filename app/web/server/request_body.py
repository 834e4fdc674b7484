"""A request body under gunicorn, as it arrives.

gunicorn's own `wsgi.input` returns from `read(n)` only with n bytes or at the end. This one returns what
one `recv` brought, so that a refusal doesn't wait for bytes the client may never send, and asks the
client for the body (`100 Continue`) only when somebody wants to read it.
"""

from __future__ import annotations

import io
import socket
from typing import Any, Protocol

from gunicorn.http.errors import ParseException  # type: ignore[import-untyped]

from app.errors import MalformedBody, UploadTooSlow

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Reader(Protocol):
    """What the two body readers of gunicorn 27 are wrapped for."""

    def next_piece(self) -> bytes:
        """The bytes of one receive; empty at the end of the body."""

    def is_finished(self) -> bool: ...


class _DeclaredLength:
    """`gunicorn.http.body.LengthReader`: counts `length` down to 0."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def next_piece(self) -> bytes:
        left_bytes = self._reader.length
        if not left_bytes:
            return b""
        piece: bytes = self._reader.unreader.read(None, read_ahead=left_bytes)
        self._reader.unreader.unread(piece[left_bytes:])
        self._reader.length -= min(len(piece), left_bytes)
        return piece[:left_bytes]

    def is_finished(self) -> bool:
        return bool(self._reader.length == 0)


class _Chunked:
    """`gunicorn.http.body.ChunkedReader`: `parser` yields pieces, and is None after the last."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader

    def next_piece(self) -> bytes:
        if self._reader.parser is None:
            return b""
        piece: bytes = next(self._reader.parser, b"")
        if not piece:
            self._reader.parser = None
        return piece

    def is_finished(self) -> bool:
        return self._reader.parser is None


class PromptBody(io.RawIOBase):
    """Wraps gunicorn's `wsgi.input`. Like every raw stream, `read(n)` may return less than n bytes.

    Reading raises UploadTooSlow where the client stalls (`app.web.server.slow_clients`), and MalformedBody
    where its chunked encoding is broken or the connection is.
    """

    def __init__(self, body: Any, connection: socket.socket, awaits_continue: bool) -> None:
        reader = body.reader
        self._reader: _Reader = _DeclaredLength(reader) if hasattr(reader, "length") else _Chunked(reader)
        self._connection = connection
        self._awaits_continue = awaits_continue
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        piece = self.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or size < 0:
            return self.readall()
        piece = self._rest or self._next_piece()
        self._rest = piece[size:]
        return piece[:size]

    def is_unread(self) -> bool:
        """Whether some of the body may still be on its way."""
        return not self._reader.is_finished()

    def _next_piece(self) -> bytes:
        try:
            self._ask_for_it()
            return self._reader.next_piece()
        except (TimeoutError, BlockingIOError) as error:
            raise UploadTooSlow from error
        except (OSError, ParseException) as error:
            raise MalformedBody("The body was cut off or its encoding is broken.") from error

    def _ask_for_it(self) -> None:
        if self._awaits_continue:
            self._awaits_continue = False
            self._connection.sendall(CONTINUE)
