"""Talkreel installed from its wheel, with no checkout around it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx
import pytest

from app.core import packaged_files
from tests.endtoend.test_cli import run
from tests.support.service import Service

#: What the wheel is built from; in a copy, as building leaves things behind.
SOURCES = ("app", "worker", "pyproject.toml", "README.md", "LICENSE", "Procfile")
BUILD_SECONDS = 120


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of an environment that has the wheel, and of ours what the wheel needs."""
    folder = tmp_path_factory.mktemp("wheel")
    for name in SOURCES:
        source, target = packaged_files.ROOT / name, folder / "source" / name
        target.parent.mkdir(exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    build = ["wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(folder), "./source"]
    pip(folder, *build)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True, timeout=60)
    (packages,) = (folder / "venv" / "lib").glob("*/site-packages")
    (packages / "needs.pth").write_text(sysconfig.get_path("purelib"))
    gunicorn = folder / "venv" / "bin" / "gunicorn"
    gunicorn.write_text(f"#!{gunicorn.parent}/python\nfrom gunicorn.app.wsgiapp import run\nrun()\n")
    gunicorn.chmod(0o755)
    (wheel,) = folder.glob("*.whl")
    pip(folder, "--python", str(folder / "venv"), "install", "-q", "--no-deps", "--no-index", str(wheel))
    return folder / "venv" / "bin"


def pip(folder: Path, *arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], cwd=folder, check=True, timeout=BUILD_SECONDS)


def test_it_starts_shows_its_first_key_and_says_that_models_are_missing(
    installed: Path, tmp_path: Path
) -> None:
    with Service(tmp_path, "/health", program=str(installed / "talkreel")) as service:
        printed = service.log.read_text()
        (key,) = re.findall(r"API key +(tr_\S+)", printed)
        answer = httpx.get(f"{service.address}/api/keys", headers={"X-API-Key": key})
        page = httpx.get(service.address)
        style = re.findall(r'href="(static/[^"]+\.css)"', page.text)[0]

        assert "`talkreel setup` brings them" in printed
        assert "image=@portrait.jpg" in printed
        assert answer.status_code == 200, "it is an admin's"
        assert httpx.get(f"{service.address}/{style}").status_code == 200


def test_set_up_brings_models_where_they_are_looked_for_or_says_why_not(
    installed: Path, tmp_path: Path
) -> None:
    talkreel, models = str(installed / "talkreel"), installed.parent / "share" / "talkreel" / "models"
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": "/dev/null"}

    failed = run([talkreel, "setup"], {**offline, "DATA_DIR": str(tmp_path)})
    shutil.copytree(packaged_files.ROOT / "models", models)
    there = run([talkreel, "setup"], {**offline, "DATA_DIR": str(tmp_path)})

    assert failed.returncode == 1
    assert "No face models: pip can't download them." in failed.stderr
    assert "Traceback" not in failed.stderr
    assert there.stdout == f"The face models are already in {models}\n"
