"""A line to PostgreSQL that is cut at a COMMIT, before the server has heard it or after."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum
from pathlib import Path

from tests.support.processes import short_folder

SOCKET_NAME = ".s.PGSQL.5432"
#: A simple query, as psycopg sends it: PostgreSQL's documentation, "Message Formats", Query.
COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"


class Cut(Enum):
    UNHEARD = "the server doesn't hear the COMMIT"
    UNANSWERED = "the server's answer gets lost"
    FOR_GOOD = "so it does, and nobody gets through any more"


class CutLine:
    """Relays connections between a folder of its own and the server's.

    `cut` is for the next COMMIT; `meanwhile` happens before an unheard one is told.
    """

    def __init__(self, folder: Path, server_folder: Path) -> None:
        self.folder = folder
        self.cut: Cut | None = None
        self.meanwhile: Callable[[], object] = bool
        self._server_socket = str(server_folder / SOCKET_NAME)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(folder / SOCKET_NAME))
        self._listener.listen()

    def serve(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, client: socket.socket) -> None:
        with closing(client), closing(socket.socket(socket.AF_UNIX)) as server:
            server.connect(self._server_socket)
            answers = threading.Thread(target=_pass_on, args=(server, client), daemon=True)
            answers.start()
            while said := client.recv(65_536):
                if said == COMMIT and self.cut:
                    self._end(client, server)
                    return
                server.sendall(said)
            server.shutdown(socket.SHUT_RDWR)
            answers.join()

    def _end(self, client: socket.socket, server: socket.socket) -> None:
        cut, self.cut = self.cut, None
        if cut is Cut.FOR_GOOD:
            self.close()
        if cut is Cut.UNHEARD:
            server.shutdown(socket.SHUT_WR)
            self.meanwhile()
            client.shutdown(socket.SHUT_WR)
        else:
            client.shutdown(socket.SHUT_WR)
            server.sendall(COMMIT)
            server.shutdown(socket.SHUT_WR)


def _pass_on(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while said := server.recv(65_536):
            client.sendall(said)


@contextmanager
def cut_line(server_folder: Path) -> Iterator[CutLine]:
    """A line to the server whose socket is in `server_folder`."""
    with short_folder() as folder:
        line = CutLine(folder, server_folder)
        threading.Thread(target=line.serve, daemon=True).start()
        yield line
        line.close()
