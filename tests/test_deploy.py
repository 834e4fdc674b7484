"""What deploy/ and compose.yaml say is so: the Procfile's processes, and settings that there are."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from honcho.environ import parse_procfile

from app.config.settings import Settings
from tests.support.paths import ROOT

UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
INSTALLED = "/opt/talkreel"
#: The whole service drains within it.
DRAIN_SECONDS = 10


def said(unit: Path, name: str) -> str:
    (value,) = re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)
    return str(value)


def test_each_unit_runs_a_line_of_the_procfile() -> None:
    started = {said(unit, "ExecStart").removeprefix(f"{INSTALLED}/.venv/bin/") for unit in UNITS}

    assert started == set(parse_procfile((ROOT / "Procfile").read_text()).processes.values())


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_has_time_to_drain(unit: Path) -> None:
    assert int(said(unit, "TimeoutStopSec")) > DRAIN_SECONDS


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_has_nothing_to_say_about_a_unit(unit: Path, tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze") or pytest.skip("systemd is not installed")
    installed = tmp_path / unit.name.replace("@", "@1")
    installed.write_text(unit.read_text().replace(INSTALLED, str(ROOT)))

    told = subprocess.run(
        [analyze, "verify", "--man=no", str(installed)],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )

    assert [
        line for line in told.stderr.splitlines() if unit.name.partition("@")[0].partition(".")[0] in line
    ] == []
    assert told.returncode == 0


@pytest.mark.parametrize("path", ["deploy/talkreel.env", "compose.yaml"])
def test_every_setting_that_is_set_there_is_one(path: str) -> None:
    text = (ROOT / path).read_text().partition("\nservices:")[0]
    named = set(re.findall(r"^ *([A-Z][A-Z_]+)[=:]", text, re.MULTILINE))

    assert named
    assert {name for name in named if not name.startswith("AWS_")} <= {
        name.upper() for name in Settings.model_fields
    }
