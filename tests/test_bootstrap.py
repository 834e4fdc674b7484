"""The set-up: what it looks for first, what it mends, what it says; on a checkout that needs no network."""

from __future__ import annotations

import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from app.core import packaged_files

SET_UP_SECONDS = 120
#: A project that builds itself (PEP 517, PEP 660) without a package; its `talkreel` brings its models.
PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "talkreel"
version = "1"
"""
BACKEND = '''\
import pathlib, zipfile
META = {
    "METADATA": "Metadata-Version: 2.1\\nName: talkreel\\nVersion: 1\\n",
    "WHEEL": "Wheel-Version: 1.0\\nGenerator: us\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    "entry_points.txt": "[console_scripts]\\ntalkreel = small:main\\n",
}
SMALL = """def main():
    import pathlib
    models = pathlib.Path("models")
    models.mkdir(exist_ok=True)
    for name in ("one.tflite", "two.tflite"):
        (models / name).touch()
"""

def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "talkreel-1-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(folder) / name, "w") as wheel:
        wheel.writestr("small.py", SMALL)
        for file, text in META.items():
            wheel.writestr("talkreel-1.dist-info/" + file, text)
        wheel.writestr("talkreel-1.dist-info/RECORD", "")
    return name
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One that needs no packages."""
    folder = tmp_path / "a checkout"
    (folder / "worker" / "engines" / "talking" / "face").mkdir(parents=True)
    for name in ("models.py", "download.py"):
        (folder / "worker" / "engines" / "talking" / "face" / name).touch()
    (folder / "requirements.txt").write_text("# nothing\n")
    (folder / "pyproject.toml").write_text(PROJECT)
    (folder / "backend.py").write_text(BACKEND)
    for name in ("bootstrap.py", "Makefile"):
        shutil.copy(packaged_files.ROOT / name, folder)
    return folder


def set_up(checkout: Path, *, python: str = sys.executable, path: str = "/usr/bin:/bin") -> tuple[int, str]:
    """The exit code, and what was said."""
    done = subprocess.run(
        ["make", "setup", f"PYTHON={python}"],
        cwd=checkout,
        env={"PATH": path, "HOME": str(checkout), "PIP_NO_INDEX": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SET_UP_SECONDS,
        check=False,
    )
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def python_that(checkout: Path, change: str) -> str:
    """A Python that differs from ours by these statements."""
    program = checkout.parent / "a-python"
    run = "runpy.run_path(sys.argv[0], run_name='__main__')"
    code = f"import runpy, sys; sys.argv = sys.argv[1:]; {change}; {run}"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{code}" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return str(program)


def works(checkout: Path) -> bool:
    return (checkout / ".venv" / "bin" / "talkreel").exists() and len(
        list((checkout / "models").glob("*"))
    ) == 3


def test_a_fresh_checkout_is_set_up_and_then_left_alone(checkout: Path) -> None:
    code, said = set_up(checkout)
    python = checkout / ".venv" / "bin" / "python"
    made_at = python.lstat().st_mtime_ns
    again, said_again = set_up(checkout)

    assert code == again == 0, said
    assert "MB" in said
    assert works(checkout)
    assert python.lstat().st_mtime_ns == made_at
    assert said_again.count("\n") == 1, "make's own line"


def test_what_changed_is_brought_up_to_date_in_place(checkout: Path) -> None:
    set_up(checkout)
    made_at = (checkout / ".venv" / "pyvenv.cfg").stat().st_mtime_ns
    (checkout / "requirements.txt").write_text("# nothing new\n")

    code, said = set_up(checkout)

    assert code == 0
    assert "Installing" in said
    assert (checkout / ".venv" / "pyvenv.cfg").stat().st_mtime_ns == made_at


def test_without_ensurepip_it_says_what_to_install_and_goes_on_once_that_is_there(checkout: Path) -> None:
    # What an older set-up left: an environment without pip.
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True, timeout=60
    )

    code, said = set_up(checkout, python=python_that(checkout, "sys.modules['ensurepip'] = None"))
    repaired, _ = set_up(checkout)

    assert code != 0
    assert f"apt install python{sys.version_info[0]}.{sys.version_info[1]}-venv" in said
    assert repaired == 0
    assert works(checkout)


def test_a_python_that_is_too_old_is_named_with_what_to_do(checkout: Path) -> None:
    old = python_that(checkout, "sys.version_info = (3, 10, 12)")
    empty = checkout / "bin"
    empty.mkdir()
    for tool in ("make", "sh"):
        (empty / tool).symlink_to(shutil.which(tool) or pytest.fail(f"no {tool}"))

    code, said = set_up(checkout, python=old, path=str(empty))

    assert code != 0
    assert "Python 3.11 or newer is needed; this is 3.10.12" in said
    assert "make PYTHON=" in said
    assert not (checkout / ".venv").exists()


def test_a_newer_python_is_used_where_there_is_one(checkout: Path) -> None:
    old = python_that(checkout, "sys.version_info = (3, 10, 12)")
    (checkout / "bin").mkdir()
    (checkout / "bin" / "python3.13").symlink_to(sys.executable)

    code, said = set_up(checkout, python=old, path=f"{checkout / 'bin'}:/usr/bin:/bin")

    assert code == 0, said
    assert "too old; going on with" in said
    assert works(checkout)


def test_what_an_older_python_or_one_that_is_gone_left_is_made_anew(checkout: Path) -> None:
    bin_folder = checkout / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    old = bin_folder / "python"
    old.write_text("#!/bin/sh\necho 3 10\n")
    old.chmod(0o755)
    of_old, said = set_up(checkout)
    (bin_folder / "python").unlink()
    (bin_folder / "python").symlink_to("/nowhere/python3.11")
    of_gone, _ = set_up(checkout)

    assert of_old == of_gone == 0
    assert "half done, or too old" in said
    assert works(checkout)


def test_one_that_was_cut_off_is_made_anew(checkout: Path) -> None:
    (checkout / "requirements.txt").write_text("no-such-package==1 --hash=sha256:" + "0" * 64 + "\n")
    failed, said = set_up(checkout)
    (checkout / "requirements.txt").write_text("# nothing\n")
    code, _ = set_up(checkout)

    assert failed != 0
    assert "pip could not install what is needed" in said
    assert "no-such-package" in said
    assert code == 0
    assert works(checkout)


def test_without_room_it_says_how_much_it_needs(checkout: Path) -> None:
    full = "import shutil; shutil.disk_usage = lambda path: shutil._ntuple_diskusage(9**9, 9**9, 5000000)"

    code, said = set_up(checkout, python=python_that(checkout, full))

    assert code != 0
    assert "needs about 750 MB" in said
    assert "only 5 MB are free" in said
    assert not (checkout / ".venv").exists()


def test_models_that_are_gone_are_brought_again(checkout: Path) -> None:
    set_up(checkout)
    shutil.rmtree(checkout / "models")

    code, said = set_up(checkout)

    assert code == 0
    assert "Fetching the face models" in said
    assert works(checkout)
