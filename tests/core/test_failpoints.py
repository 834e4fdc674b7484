"""A moment at which a process may be made to crash."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from app.core.failpoints import FOLDER_VARIABLE

SCRIPT = "from app.core import failpoints; failpoints.reach('here'); print('went on')"


def reach(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True, timeout=30
    )


def test_who_comes_by_an_armed_one_is_killed_once(tmp_path: Path) -> None:
    (tmp_path / "here").touch()

    assert reach(**{FOLDER_VARIABLE: str(tmp_path)}).returncode == -signal.SIGKILL
    assert reach(**{FOLDER_VARIABLE: str(tmp_path)}).stdout == "went on\n"


def test_without_the_variable_nothing_happens(tmp_path: Path) -> None:
    (tmp_path / "here").touch()

    assert reach().stdout == "went on\n"
    assert (tmp_path / "here").exists()
