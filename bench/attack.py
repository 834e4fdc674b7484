"""Clients that mean harm, against gunicorn as it comes and against ours: how long /health takes meanwhile.

    python -m bench.attack

Prints the slowest answer during each attack. The application behind is the same, one worker with 16 threads,
fresh for each attack; 64 connections, or 4 clients that send without end. Loopback only.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.web.server.attackers import ATTACKS, Attack, Attackers

ATTACK_SECONDS = 4.0
PATIENCE_SECONDS = 15.0
START_SECONDS = 20.0
THREADS = 16

GUNICORNS = {
    "plain": (
        "--worker-class",
        "gthread",
        "--workers",
        "1",
        "--threads",
        str(THREADS),
        "tests.web.upload.door:bare",
    ),
    "ours": ("--config", "python:app.web.server.gunicorn_conf", "tests.web.upload.door:application"),
}


@contextmanager
def serving(arguments: tuple[str, ...]) -> Iterator[int]:
    """The port of a fresh gunicorn."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        port = _free_port()
        environment = {
            **os.environ,
            "DATA_DIR": folder,
            "PORT": str(port),
            "WEB_WORKERS": "1",
            "WEB_THREADS": str(THREADS),
        }
        argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--log-level", "critical"]
        with subprocess.Popen([*argv, *arguments], env=environment, start_new_session=True) as process:
            try:
                _wait_until_up(port)
                yield port
            finally:
                os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def _wait_until_up(port: int) -> None:
    ends_at = time.monotonic() + START_SECONDS
    while health_seconds(port) is None:
        if time.monotonic() > ends_at:
            raise RuntimeError("gunicorn did not start")
        time.sleep(0.05)


def health_seconds(port: int) -> float | None:
    """How long /health takes; None where it says nothing within PATIENCE_SECONDS."""
    began_at = time.monotonic()
    try:
        httpx.get(f"http://127.0.0.1:{port}/health", timeout=PATIENCE_SECONDS)
    except httpx.TransportError:
        return None
    return time.monotonic() - began_at


def worst_seconds(port: int, attack: Attack) -> float | None:
    """The slowest answer of all that were asked for during the attack."""
    with Attackers(port) as attackers:
        attack(attackers)
        ends_at = time.monotonic() + ATTACK_SECONDS
        worst = 0.0
        while time.monotonic() < ends_at:
            seconds = health_seconds(port)
            if seconds is None:
                return None
            worst = max(worst, seconds)
    return worst


def _in_words(seconds: float | None) -> str:
    return f"over {PATIENCE_SECONDS:.0f} s" if seconds is None else f"{seconds * 1000:.0f} ms"


def main() -> None:
    print(f"{'/health at its slowest':26}" + "".join(f"{name:>12}" for name in GUNICORNS))
    for attack in ATTACKS:
        print(f"{attack.__name__.replace('_', ' '):26}", end="", flush=True)
        for arguments in GUNICORNS.values():
            with serving(arguments) as port:
                print(f"{_in_words(worst_seconds(port, attack)):>12}", end="", flush=True)
        print()


if __name__ == "__main__":
    main()
