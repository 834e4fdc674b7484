"""The launcher: what goes wrong with a child process, it ends, and it says what it was."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import ffmpeg
import psutil
import pytest

from tests.support.paths import ROOT
from worker.errors import ChildKilled, HandBack, OutOfDisk, RenderFailed
from worker.sandbox.ffmpeg import local, run
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramFailed, ProgramMissing, ProgramTooSlow


def tone(seconds: float, *, real_time: bool = False) -> Any:
    options = {"re": None} if real_time else {}
    return ffmpeg.input(f"sine=d={seconds}", f="lavfi", **options)


def lasting() -> Any:
    """A graph that works for much longer than any test."""
    return tone(600, real_time=True).output("-", f="null")


def children() -> list[psutil.Process]:
    """Ours, beside the servers that other tests may have started."""
    return [child for child in psutil.Process().children(recursive=True) if "ffmpeg" in child.name()]


def send(number: signal.Signals) -> None:
    for child in children():
        child.send_signal(number)


def until(condition: Callable[[], bool], seconds: float = 30) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


@pytest.fixture(autouse=True)
def _no_child_is_left() -> Iterator[None]:
    yield
    assert not children()


def test_progress_rises_to_the_whole(folder: Path) -> None:
    shares: list[float] = []
    run(tone(20).output(local(folder / "x.wav")), Bounds(30), expected_seconds=20, report=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_what_ffmpeg_says_comes_with_the_error(folder: Path) -> None:
    with pytest.raises(ProgramFailed, match="No such file"):
        run(ffmpeg.input(local(folder / "missing.wav")).output("-", f="null"), Bounds(30))


def test_a_flood_of_complaints_does_not_block(folder: Path) -> None:
    noise = folder / "noise.mp3"
    noise.write_bytes((b"\xff\xfb\x90\x64" + Random(1).randbytes(413)) * 4000)
    graph = ffmpeg.input(local(noise), f="mp3", max_error_rate=1).output("-", f="null")
    assert len(run(graph, Bounds(30), log_level="debug")) > 30_000


def test_the_deadline_kills() -> None:
    begun_at = time.monotonic()
    with pytest.raises(ProgramTooSlow):
        run(lasting(), Bounds(deadline_seconds=1))
    assert time.monotonic() - begun_at < 5


def test_a_stall_kills(folder: Path) -> None:
    silent = folder / "silent.fifo"
    os.mkfifo(silent)
    writer = os.open(silent, os.O_RDWR)
    with pytest.raises(ProgramTooSlow):
        run(ffmpeg.input(local(silent), f="wav").output("-", f="null"), Bounds(60, stall_seconds=1))
    os.close(writer)


def test_processor_seconds_run_out() -> None:
    busy = ffmpeg.input("testsrc2=s=1280x720:d=600", f="lavfi").output("-", f="null", vcodec="libx264")
    with pytest.raises(ProgramTooSlow):
        run(busy, Bounds(60, processor_seconds=1))


def test_a_file_does_not_grow_beyond_its_bound(folder: Path) -> None:
    path = folder / "x.wav"
    with pytest.raises(RenderFailed, match="larger"):
        run(tone(60).output(local(path)), Bounds(30, file_bytes=100_000))
    assert path.stat().st_size <= 100_000


def test_a_full_disk_is_not_the_uploads_fault(tmp_path: Path) -> None:
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", tmp_path], check=False).returncode:
        pytest.skip("needs the right to mount a small disk")
    try:
        with pytest.raises(OutOfDisk, match="No space left"):
            run(tone(60).output(local(tmp_path / "x.wav")), Bounds(30))
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_killed_child_is_no_failed_upload(number: signal.Signals) -> None:
    with pytest.raises(ChildKilled):
        run(lasting(), Bounds(30), expected_seconds=600, report=lambda _: send(number))


def test_a_signal_handlers_exception_kills_the_child_and_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    def hand_back(number: int, frame: FrameType | None) -> None:
        raise HandBack

    before = signal.signal(signal.SIGUSR1, hand_back)
    try:
        with pytest.raises(HandBack):
            run(
                lasting(),
                Bounds(30),
                expected_seconds=600,
                report=lambda _: signal.raise_signal(signal.SIGUSR1),
            )
    finally:
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_ffmpeg_ends_with_its_parent() -> None:
    program = "from tests.worker.sandbox.test_ffmpeg import *; run(lasting(), Bounds(60))"
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        assert until(lambda: any("ffmpeg" in child.name() for child in psutil.Process(parent.pid).children()))
        grandchildren = psutil.Process(parent.pid).children()
    finally:
        parent.kill()
        parent.wait(10)
    assert until(lambda: not any(child.is_running() for child in grandchildren))


def test_a_missing_program_is_the_installations_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")
    with pytest.raises(ProgramMissing):
        run(lasting(), Bounds(30))


def test_the_child_is_bound_and_polite() -> None:
    seen: dict[str, object] = {}

    def look(_: float) -> None:
        (child,) = children()
        seen.update(nice=child.nice(), files=child.rlimit(psutil.RLIMIT_NOFILE))
        seen.update(memory=child.rlimit(psutil.RLIMIT_AS), core=child.rlimit(psutil.RLIMIT_CORE))
        child.kill()

    with pytest.raises(ChildKilled):
        run(lasting(), Bounds(30, nice=7), expected_seconds=600, report=look)
    assert seen == {
        "nice": psutil.Process().nice() + 7,
        "files": (64, 64),
        "memory": (1 << 31, 1 << 31),
        "core": (0, 0),
    }
