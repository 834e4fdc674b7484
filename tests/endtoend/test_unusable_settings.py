"""Starts and commands where something that they stand on can't be used: a sentence, and no traceback."""

from __future__ import annotations

import os
import pty
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from app.config.settings import Settings
from app.database import migrations
from app.database.database import Database
from tests.endtoend.test_cli import STARTS, run
from tests.endtoend.test_doctor import found
from tests.support.processes import free_ports
from tests.support.service import TALKREEL, Service, wait_until

KEYS = {"keys create": [TALKREEL, "keys", "create", "me"], "keys list": [TALKREEL, "keys", "list"]}
ALL = {**STARTS, **KEYS}


def said(argv: list[str], **environment: str) -> str:
    """What it says before it ends with a failure."""
    (port,) = free_ports(1)
    done = run(argv, {"PORT": str(port), "REDIS_URL": "redis://127.0.0.1:1", **environment})
    assert done.returncode != 0
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("argv", ALL.values(), ids=ALL)
def test_a_data_dir_that_is_a_file_is_told(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert re.search(r"DATA_DIR='.*file': must be a folder", said(argv, DATA_DIR=str(tmp_path / "file")))
    assert "is no folder" in said(argv, DATA_DIR=str(tmp_path / "file" / "below"))


def test_a_data_dir_that_can_t_be_made_is_told() -> None:
    assert "DATA_DIR" in said([TALKREEL, "up"], DATA_DIR="/proc/talkreel")


@pytest.mark.parametrize("argv", ALL.values(), ids=ALL)
def test_a_secret_that_everybody_knows_is_refused(argv: list[str], tmp_path: Path) -> None:
    told = said(argv, DATA_DIR=str(tmp_path / "data"), SECRET_KEY="change-me", METRICS_TOKEN="Change_Me")

    assert "SECRET_KEY='change-me': is a placeholder" in told
    assert "METRICS_TOKEN=" in told
    assert not (tmp_path / "data").exists()


@pytest.fixture
def newer(tmp_path: Path) -> Path:
    """A DATA_DIR whose database a later version has been at."""
    database = Database(f"sqlite:///{tmp_path / 'talkreel.db'}")
    migrations.upgrade(database)
    with database.writing() as session:
        session.connection().execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    database.close()
    return tmp_path


@pytest.mark.parametrize("argv", ALL.values(), ids=ALL)
def test_a_database_that_is_newer_than_the_program_is_told(argv: list[str], newer: Path) -> None:
    assert "newer than this program: its tables are those of 9999_later" in said(argv, DATA_DIR=str(newer))


def test_the_doctor_does_not_promise_that_a_newer_database_is_mended(newer: Path) -> None:
    finding = found(Settings(data_dir=newer))["database"]

    assert finding.state == "failing"
    assert "newer than this program" in finding.words
    assert "a newer one" in (finding.remedy or "")


@pytest.mark.parametrize("argv", [[TALKREEL, "up"], *KEYS.values()], ids=["up", *KEYS])
def test_a_database_that_does_not_answer_or_is_none_is_told(argv: list[str], tmp_path: Path) -> None:
    (tmp_path / "talkreel.db").write_text("This is a letter, and no database." * 100)

    assert "not a database" in said(argv, DATA_DIR=str(tmp_path))
    told = said(argv, DATABASE_URL="postgresql+psycopg://me:hidden@127.0.0.1:1/none", DATA_DIR=str(tmp_path))
    assert "refused" in told
    assert "hidden" not in told


def test_a_store_that_can_t_be_reached_takes_the_doctor_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:1", "ACCESS_KEY_ID": "a"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")

    finding = found(Settings(data_dir=tmp_path, storage_url="s3://bucket"))["storage"]

    assert finding.state == "failing"
    assert "Connection refused" in finding.words
    assert "127.0.0.1:1" in finding.words
    assert "\n" not in finding.words
    assert len(finding.words) < 400
    assert "Debug" not in finding.words


def test_a_service_that_listens_everywhere_gives_links_that_lead_here_and_says_so(tmp_path: Path) -> None:
    with Service(tmp_path, "/health", HOST="0.0.0.0") as service:
        printed = service.log.read_text()

    (url,) = re.findall(r"its links begin with (http://\S+)\.\n", printed)
    assert "0.0.0.0" not in printed.partition("Listening at")[0]
    assert re.fullmatch(r"http://[\d.]+:\d+", url)
    assert "set PUBLIC_URL" in printed


@pytest.mark.parametrize(
    ("host", "url"),
    [("::1", "http://[::1]:8000"), ("127.0.0.1", "http://127.0.0.1:8000"), ("box", "http://box:8000")],
)
def test_links_begin_with_where_it_listens(host: str, url: str) -> None:
    assert Settings(host=host).public_url == url


def test_on_a_terminal_the_whole_service_s_logs_are_for_reading(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [TALKREEL, "up"],
        env={"PATH": os.defpath, "DATA_DIR": str(tmp_path), "PORT": str(port), "RENDER_WORKERS": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        lines = wait_until(reader_of(ours, "Listening at"), seconds=60)
    finally:
        process.terminate()
        drain(ours)
        process.wait(30)

    (line,) = (each for each in lines if "Listening at" in each)
    assert "[info " in line
    assert "{" not in line


def reader_of(terminal: int, word: str) -> Callable[[], list[str] | None]:
    """Reads a piece at each call; gives all lines up to now once the word has come."""
    read = bytearray()

    def more() -> list[str] | None:
        read.extend(os.read(terminal, 65_536))
        whole = bytes(read).decode(errors="replace").rpartition("\n")[0]
        return whole.splitlines() if word in whole else None

    return more


def drain(terminal: int) -> None:
    """Until nobody writes to it any more."""
    try:
        while os.read(terminal, 65_536):
            pass
    except OSError:
        os.close(terminal)
