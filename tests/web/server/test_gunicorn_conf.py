"""gunicorn starts from our settings, keeps to itself and stops in time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.core import ids
from tests.web.server.served import Server, head, running
from tests.web.upload.bodies import PNG, part


def test_bad_settings_stop_the_start_with_one_message(tmp_path: Path) -> None:
    environment = {**os.environ, "PORT": "99999", "WEB_WORKERS": "none", "DATA_DIR": str(tmp_path)}
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:app.web.server.gunicorn_conf",
        "tests.web.upload.door",
    ]
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False, timeout=20)
    assert done.returncode != 0
    assert "PORT='99999'" in done.stderr
    assert "WEB_WORKERS='none'" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Listening" not in done.stderr


def test_no_control_socket_is_left_in_the_home_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "data").mkdir()
    with running(tmp_path / "data", "app.web.server.gunicorn_conf"):
        assert list((tmp_path / "home").iterdir()) == []


def test_an_upload_that_a_crash_left_is_gone_after_the_start(tmp_path: Path) -> None:
    left, young = (tmp_path / "incoming" / name for name in (ids.new_id(), ids.new_id()))
    for folder in (left, young):
        folder.mkdir(parents=True)
    os.utime(left, (0, 0))
    with running(tmp_path, "app.web.server.gunicorn_conf"):
        assert (left.exists(), young.exists()) == (False, True)


def test_it_listens_on_ipv6_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", "::1")
    argv = [
        sys.executable,
        "-m",
        "gunicorn",
        "--config",
        "python:app.web.server.gunicorn_conf",
        "--print-config",
    ]
    done = subprocess.run(
        [*argv, "tests.web.upload.door"], capture_output=True, text=True, check=True, timeout=20
    )
    assert "[::1]:8000" in done.stdout


def test_a_stalled_upload_does_not_keep_it_from_stopping_within_ten_seconds(tmp_path: Path) -> None:
    with running(tmp_path, "app.web.server.gunicorn_conf") as server, server.connect() as connection:
        connection.sendall(head("/upload", 1_000_000) + part("image", PNG))
        wait_for_an_upload(server)
        began_at = time.monotonic()
        server.process.terminate()
        server.process.wait(20)
        assert time.monotonic() - began_at < 10


def wait_for_an_upload(server: Server) -> None:
    ends_at = time.monotonic() + 10
    while not server.leftovers():
        assert time.monotonic() < ends_at
        time.sleep(0.02)
