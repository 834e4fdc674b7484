"""Which service an operator's command speaks to, and what it does to the service's keys."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from app.config import envfile
from app.config.envfile import EnvFileUnusable
from tests.endtoend.test_cli import run, talkreel
from tests.support.service import TALKREEL, Service


def test_a_settings_file_names_the_service(service: Service, tmp_path: Path) -> None:
    settings = tmp_path / "talkreel.env"
    settings.write_text(f'# the service\nDATA_DIR="{service.data_dir}"\n')

    done = run([TALKREEL, "--env-file", str(settings), "keys", "create", "by file"], {})

    key = json.loads(done.stdout)["apiKey"]
    assert httpx.get(f"{service.address}/api/jobs", headers={"X-API-Key": key}).status_code == 200
    assert f"Database: sqlite:///{service.data_dir}/talkreel.db" in done.stderr


def test_the_environment_goes_before_the_file(service: Service, tmp_path: Path) -> None:
    settings = tmp_path / "talkreel.env"
    settings.write_text("DATA_DIR=/nowhere\n")

    done = run([TALKREEL, "--env-file", str(settings), "keys", "list"], {"DATA_DIR": str(service.data_dir)})

    assert done.returncode == 0, done.stderr


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    done = run([TALKREEL, "--env-file", str(tmp_path / "none.env"), "keys", "list"], {})

    assert done.returncode != 0
    assert "none.env can't be read (No such file or directory)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_machine_s_service_is_found_unless_another_is_named_or_was_started_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    places = (tmp_path / "none.env", tmp_path / "talkreel.env", tmp_path / "other.env")
    for place in places[1:]:
        place.touch()

    assert envfile.of_this_machine(places, {}) == places[1]
    assert envfile.of_this_machine(places[:1], {}) is None
    assert envfile.of_this_machine(places, {"DATABASE_URL": "sqlite:///x"}) is None
    assert envfile.of_this_machine(places, {"DATA_DIR": "x"}) is None
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "talkreel.db").touch()
    assert envfile.of_this_machine(places, {}) is None


def test_a_machine_s_settings_that_are_not_ours_to_read_are_told(tmp_path: Path) -> None:
    loop = tmp_path / "loop.env"
    loop.symlink_to(loop)

    with pytest.raises(EnvFileUnusable, match=r"loop\.env can't be read"):
        envfile.of_this_machine((loop,), {})


@pytest.mark.parametrize(
    "arguments",
    [["list"], ["revoke", "x"], ["promote", "x"], ["rotate-secret", "x"]],
    ids=lambda each: each[0],
)
def test_where_no_service_was_ever_started_that_is_said_and_nothing_made(
    arguments: list[str], tmp_path: Path
) -> None:
    done = run([TALKREEL, "keys", *arguments], {"DATA_DIR": str(tmp_path)})

    assert done.returncode != 0
    assert "no service was ever started with these settings" in done.stderr
    assert "--env-file" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_key_in_a_new_database_comes_with_a_warning(tmp_path: Path) -> None:
    done = run([TALKREEL, "keys", "create", "early"], {"DATA_DIR": str(tmp_path)})

    assert json.loads(done.stdout)["name"] == "early"
    assert f"{tmp_path}/talkreel.db is new" in done.stderr


def test_no_password_of_a_database_is_shown() -> None:
    url = "postgresql+psycopg://me:hidden@127.0.0.1:1/none"

    done = run([TALKREEL, "keys", "list"], {"DATABASE_URL": url})

    assert "Database: postgresql+psycopg://me:***@127.0.0.1:1/none" in done.stderr


def test_a_promoted_key_is_an_admin_s(service: Service) -> None:
    key = service.key("rising")
    headers = {"X-API-Key": key["apiKey"]}
    before = httpx.get(f"{service.address}/api/keys", headers=headers)

    told = talkreel(service, "keys", "promote", key["id"])

    assert told == [{"id": key["id"], "name": "rising", "admin": True}]
    after = httpx.get(f"{service.address}/api/keys", headers=headers)
    assert (before.status_code, after.status_code) == (403, 200)


def test_promoting_a_key_that_is_not_there_says_so(service: Service) -> None:
    done = run([TALKREEL, "keys", "promote", "nobody"], service.environment)

    assert done.returncode != 0
    assert "nobody" in done.stderr


@pytest.mark.parametrize("name", ["", "  ", "two\nlines", "x" * 101])
def test_a_key_without_a_name_that_can_be_read_is_refused(service: Service, name: str) -> None:
    done = run([TALKREEL, "keys", "create", name], service.environment)

    assert done.returncode == 2
    assert "1 to 100 printable characters" in done.stderr
    assert name not in [key["name"] for key in talkreel(service, "keys", "list")]
