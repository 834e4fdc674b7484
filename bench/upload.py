"""Our upload path against Flask's own (`request.files` and `save`), both through gunicorn.

    python -m bench.upload

Prints megabytes per CPU second of the worker, and by how much 1 and 8 uploads of 100 MB at once raise its
peak memory. A fresh gunicorn, one worker, loopback only; the loads are bounded.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from flask import Flask, request

from app.web.server import early_answers
from app.web.upload.form import receive

FILE_BYTES = 50_000_000
ROUNDS = 5
CROWD = 8
DEADLINE_SECONDS = 120
BOUNDARY = b"------------------------d74496d66958873e"
MIB = 1 << 20


def streamed() -> Flask:
    """The service's way: counted, sniffed and written once, while it arrives."""
    app = Flask(__name__)
    early_answers.register(app)

    @app.post("/")
    def upload() -> str:
        folder = _folder()
        with receive(
            request.stream, request.content_type, request.content_length, folder, 50 << 20, str
        ) as it:
            return str(it.size_bytes)

    return app


def saved() -> Flask:
    """Flask's documented way: parsed into temporary files, then saved."""
    app = Flask(__name__)

    @app.post("/")
    def upload() -> str:
        folder = _folder()
        folder.mkdir()
        paths = [folder / name for name in ("image", "audio")]
        for path in paths:
            request.files[path.name].save(path)
        total_bytes = sum(path.stat().st_size for path in paths)
        for path in paths:
            path.unlink()
        folder.rmdir()
        return str(total_bytes)

    return app


def _folder() -> Path:
    return Path(os.environ["DATA_DIR"]) / os.urandom(8).hex()


@dataclass(frozen=True)
class Contestant:
    name: str
    arguments: tuple[str, ...]


OURS = Contestant("streamed", ("--config", "python:app.web.server.gunicorn_conf", "bench.upload:streamed()"))
FLASKS = Contestant(
    "files + save", ("--worker-class", "gthread", "--workers", "1", "--threads", "16", "bench.upload:saved()")
)


@dataclass(frozen=True)
class Server:
    port: int
    worker: psutil.Process

    def cpu_seconds(self) -> float:
        times = self.worker.cpu_times()
        return float(times.user + times.system)

    def peak_bytes(self) -> int:
        """proc(5), VmHWM."""
        lines = Path(f"/proc/{self.worker.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


@contextmanager
def serving(contestant: Contestant) -> Iterator[Server]:
    """A fresh gunicorn, warmed up by one small upload."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        environment = {
            **os.environ,
            "DATA_DIR": folder,
            "TMPDIR": folder,
            "WEB_WORKERS": "1",
            "PORT": str(port),
        }
        argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
        with subprocess.Popen([*argv, *contestant.arguments], env=environment) as process:
            try:
                _warm_up(port)
                yield Server(port, psutil.Process(process.pid).children()[0])
            finally:
                process.terminate()


def _warm_up(port: int) -> None:
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            return upload(port, MIB)
        except ConnectionRefusedError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)


def _part(name: bytes, magic: bytes) -> bytes:
    disposition = b'Content-Disposition: form-data; name="%s"; filename="a"' % name
    return b"--%s\r\n%s\r\n\r\n%s" % (BOUNDARY, disposition, magic)


RANDOM = os.urandom(MIB)
IMAGE = _part(b"image", b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR")
AUDIO = b"\r\n" + _part(b"audio", b"RIFF\0\0\0\0WAVEfmt ")
END = b"\r\n--%s--\r\n" % BOUNDARY


def _body(file_bytes: int) -> Iterator[bytes]:
    for beginning in (IMAGE, AUDIO):
        yield beginning
        yield from (RANDOM[: file_bytes - at] for at in range(0, file_bytes, MIB))
    yield END


def upload(port: int, file_bytes: int = FILE_BYTES) -> None:
    """One upload of two files of `file_bytes` each; it has to succeed."""
    length = len(IMAGE) + len(AUDIO) + len(END) + 2 * file_bytes
    head = f"POST / HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Length: {length}\r\n"
    head += f"Content-Type: multipart/form-data; boundary={BOUNDARY.decode()}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS) as client:
        client.sendall(head.encode())
        for piece in _body(file_bytes):
            client.sendall(piece)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    if not answer.startswith(b"HTTP/1.1 200"):
        raise RuntimeError(answer.decode())


def megabytes_per_cpu_second(server: Server) -> float:
    """Over a few uploads: the kernel counts CPU time in hundredths of a second."""
    before_seconds = server.cpu_seconds()
    for _ in range(ROUNDS):
        upload(server.port)
    return ROUNDS * 2 * FILE_BYTES / 1e6 / (server.cpu_seconds() - before_seconds)


def peak_growth_mib(contestant: Contestant, uploads: int) -> float:
    """How much memory `uploads` at once need beyond what one small upload left, in MiB."""
    with serving(contestant) as server, ThreadPoolExecutor(uploads) as clients:
        before_bytes = server.peak_bytes()
        list(clients.map(upload, [server.port] * uploads))
        return (server.peak_bytes() - before_bytes) / MIB


def main() -> None:
    print(f"{'':14}{'MB per CPU s':>14}{'+MiB, 1 upload':>16}{f'+MiB, {CROWD} at once':>18}")
    speeds = []
    for contestant in (OURS, FLASKS):
        with serving(contestant) as server:
            speeds.append(megabytes_per_cpu_second(server))
        one, many = (peak_growth_mib(contestant, uploads) for uploads in (1, CROWD))
        print(f"{contestant.name:14}{speeds[-1]:14.0f}{one:16.1f}{many:18.1f}")
    print(f"{'ratio':14}{speeds[0] / speeds[1]:13.2f}x")


if __name__ == "__main__":
    main()
