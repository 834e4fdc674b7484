"""An upload's size doesn't show in the worker's memory."""

from __future__ import annotations

import sys
from pathlib import Path

import httpx
import pytest

from tests.web.server.served import Server
from tests.web.upload.bodies import CONTENT_TYPE, PNG, WAV, closed, part

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

MIB = 1 << 20


def peak_bytes(pid: int) -> int:
    """The most memory that process `pid` ever held (proc(5), VmHWM)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def upload(server: Server, file_bytes: int, chunked: bool) -> None:
    body = closed(part("image", PNG + bytes(file_bytes)), part("audio", WAV + bytes(file_bytes)))
    content = (body[at : at + MIB] for at in range(0, len(body), MIB)) if chunked else body
    headers = {"Content-Type": CONTENT_TYPE}
    answer = httpx.post(f"{server.url}/upload", content=content, headers=headers, timeout=60)
    assert answer.json() == {"image": len(PNG) + file_bytes, "audio": len(WAV) + file_bytes}


@pytest.mark.parametrize("chunked", [False, True])
def test_a_hundred_megabytes_raise_the_peak_by_less_than_two(server: Server, chunked: bool) -> None:
    pid = server.health()["pid"]
    upload(server, MIB, chunked)
    before_bytes = peak_bytes(pid)
    upload(server, 50_000_000, chunked)
    assert peak_bytes(pid) - before_bytes < 2 * MIB
