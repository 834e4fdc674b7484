"""Programs that aren't ours: whatever they start and print, they end with all of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.paths import ROOT
from tests.worker.sandbox.leftovers import CHILD_BEARING, child_of, is_alive, until
from worker.sandbox.command import Command
from worker.sandbox.progress_reader import ShareFollower
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.runner import ProgramTooSlow, run

BOUNDS = Bounds(deadline_seconds=600, is_foreign=True)

#: The same, but in a session of its own: no signal to a group reaches it.
LEAVING = CHILD_BEARING.replace("'600'])", "'600'], start_new_session=True)")

ONLY_LINUX = pytest.mark.skipif(
    sys.platform != "linux", reason="needs what only Linux has: ends with a parent"
)

#: A worker in short: runs the program of its first argument as one that isn't ours.
WORKER = """
import sys
from worker.sandbox.resource_limits import Bounds
from worker.sandbox.command import Command
from worker.sandbox.runner import run
run(Command([sys.executable, "-c", sys.argv[1]], Bounds(deadline_seconds=600, is_foreign=True)))
"""


def test_what_is_left_behind_ends_with_it(folder: Path) -> None:
    begun_at = time.monotonic()
    run(Command([sys.executable, "-c", CHILD_BEARING], BOUNDS, folder=folder))
    assert until(lambda: not is_alive(child_of(folder)))
    assert time.monotonic() - begun_at < 60


@ONLY_LINUX
@pytest.mark.parametrize("program", [CHILD_BEARING, LEAVING], ids=["in the group", "out of it"])
def test_all_it_started_ends_with_a_killed_worker(folder: Path, program: str) -> None:
    argv = [sys.executable, "-c", WORKER, program + "child.wait()"]
    worker = subprocess.Popen(argv, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        assert until(lambda: any(path.read_text() for path in folder.glob("child")))
        assert is_alive(child_of(folder))
    finally:
        worker.kill()
        worker.wait(10)
    assert until(lambda: not is_alive(child_of(folder)))


@ONLY_LINUX
def test_what_left_the_group_ends_with_the_program(folder: Path) -> None:
    run(Command([sys.executable, "-c", LEAVING], BOUNDS, folder=folder))
    assert until(lambda: not is_alive(child_of(folder)))


@ONLY_LINUX
def test_what_left_the_group_ends_with_a_program_that_is_too_slow(folder: Path) -> None:
    lasting = LEAVING + "child.wait()"
    with pytest.raises(ProgramTooSlow):
        run(Command([sys.executable, "-c", lasting], replace(BOUNDS, deadline_seconds=2), folder=folder))
    assert until(lambda: not is_alive(child_of(folder)))


def test_progress_is_read_as_it_comes_and_never_falls() -> None:
    shares: list[float] = []
    follower = ShareFollower(None, shares.append)
    for chunk in (b"progress 0.1\npro", b"gress .25\r\n", b"progress 0.2\n", b"progress 1\nprogress 0.5\n"):
        follower.take_progress(chunk)
    assert shares == [0.1, 0.25, 1]


def test_a_line_without_end_is_not_kept() -> None:
    shares: list[float] = []
    follower = ShareFollower(None, shares.append)
    tracemalloc.start()
    for _ in range(1000):
        follower.take_progress(bytes(65_536))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    follower.take_progress(b"\nprogress 0.5\n")
    assert peak_bytes < 1 << 20
    assert shares == [0.5]
