"""What the benchmarks measure programs with: to their end, or until patience ends."""

from __future__ import annotations

import sys
from pathlib import Path

import psutil
import pytest

from bench.contenders import told_share
from bench.measure import Pace, Usage, run
from bench.table import Row, markdown
from tests.support.service import wait_until

HALF_AND_ON = """
import subprocess, sys, time
child = subprocess.Popen(["sleep", "60"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print(child.pid, file=open("child", "w"), flush=True)
for share in (0.25, 0.5):
    print("share", share, flush=True)
    time.sleep(0.2)
time.sleep(60)
"""


def python(program: str, folder: Path, patience_seconds: float = 30) -> Usage:
    return run([sys.executable, "-c", program], folder, lambda line: told_share(line, 10), patience_seconds)


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_ends_in_time_is_whole_and_its_children_count(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.3: pass"
    usage = python(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {busy!r}])", tmp_path)

    assert usage.done == 1
    assert usage.whole_seconds == usage.wall_seconds
    assert usage.cpu_seconds >= 0.3


def test_what_is_cut_off_ends_with_its_children_and_its_rate_foretells_the_rest(tmp_path: Path) -> None:
    usage = python(HALF_AND_ON, tmp_path, patience_seconds=2)

    child = int((tmp_path / "child").read_text())
    wait_until(lambda: not is_alive(child), seconds=10)
    assert usage.done == 0.5
    assert usage.whole_seconds
    assert usage.whole_seconds < 30


def test_what_fails_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such picture"):
        python("raise SystemExit('no such picture')", tmp_path)


def test_a_start_that_makes_nothing_does_not_count_to_the_rate() -> None:
    pace = Pace(told=[(10, 0.0), (12, 0.2), (14, 0.4)])

    assert pace.whole_seconds() == pytest.approx(20)


def test_nobody_can_tell_the_rate_of_what_said_nothing() -> None:
    assert Pace().whole_seconds() is None
    assert Pace(told=[(10, 0.0)]).whole_seconds() is None


def test_the_progress_of_ffmpeg_is_read() -> None:
    assert told_share("out_time_us=2500000\n", 10) == 0.25
    assert told_share("out_time_us=N/A\n", 10) is None


def test_a_ratio_that_is_not_measured_to_the_end_is_marked() -> None:
    ours = Row("ours", "MP3", 600, Usage(10, 12, 1 << 20, 1.0, 10))
    theirs = Row("the one-liner", "MP3", 600, Usage(150, 250, 1 << 20, 0.25, 600))

    table = list(markdown([ours, theirs], theirs, ours))

    assert table[2] == "| ours, from MP3 | 10.00 | 12.00 | 1 |  |  |  | ~ 60 | 1.00 |"
    assert "> 150 (25 % done)" in table[3]
