"""A real gunicorn around `tests.web.upload.door`, and raw conversations with it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.web.upload.bodies import CONTENT_TYPE

DEADLINE_SECONDS = 20


@dataclass(frozen=True)
class Server:
    """One gunicorn with one worker of four threads."""

    port: int
    data_dir: Path
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def health(self) -> dict[str, int]:
        with urlopen(f"{self.url}/health", timeout=DEADLINE_SECONDS) as answer:
            found: dict[str, int] = json.load(answer)
        return found

    def health_seconds(self) -> float:
        """How long /health takes to answer."""
        began_at = time.monotonic()
        self.health()
        return time.monotonic() - began_at

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_SECONDS)

    def leftovers(self) -> list[Path]:
        """What is left of uploads on the disk."""
        return list(self.data_dir.glob("incoming/*"))


@contextmanager
def running(
    data_dir: Path, config: str, app: str = "tests.web.upload.door:application", **settings: str
) -> Iterator[Server]:
    port = _free_port()
    environment = {
        **os.environ,
        "PORT": str(port),
        "DATA_DIR": str(data_dir),
        "WEB_WORKERS": "1",
        "WEB_THREADS": "4",
        **settings,
    }
    argv = [sys.executable, "-m", "gunicorn", "--config", f"python:{config}", app]
    with subprocess.Popen(argv, env=environment) as process:
        server = Server(port, data_dir, process)
        try:
            _wait_until_up(server)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(DEADLINE_SECONDS)


def _wait_until_up(server: Server) -> None:
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while server.process.poll() is None and time.monotonic() < ends_at:
        try:
            server.health()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("gunicorn did not start")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def head(path: str, content_length: int | None, *headers: str) -> bytes:
    """The head of a POST; without a length it announces a chunked body."""
    framing = "Transfer-Encoding: chunked" if content_length is None else f"Content-Length: {content_length}"
    lines = [f"POST {path} HTTP/1.1", "Host: door", f"Content-Type: {CONTENT_TYPE}", framing, *headers]
    return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Answer:
    """The one answer on a connection, read until the server closed."""

    status: int
    headers: str
    body: dict[str, Any]


def answer_on(connection: socket.socket) -> Answer:
    """Reads what the server says to the end of the connection, or to its reset."""
    content = b""
    try:
        while data := connection.recv(65536):
            content += data
    except ConnectionResetError:
        pass  # What came before it is what counts.
    top, _, body = content.partition(b"\r\n\r\n")
    return Answer(int(top.split()[1]), top.decode().lower(), json.loads(body))
