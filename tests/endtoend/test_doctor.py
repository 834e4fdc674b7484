"""talkreel doctor: what it finds, and what it says to do."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.config.settings import Settings
from app.operations.doctor import Finding, State, examination
from tests.endtoend.test_cli import run, talkreel
from tests.support.processes import free_ports
from tests.support.servers import Postgres, Valkey
from tests.support.service import TALKREEL, Service

#: Nobody listens there.
NOWHERE = {"database_url": "postgresql+psycopg://nobody@127.0.0.1:1/none", "redis_url": "redis://127.0.0.1:1"}
DOORS = {"database", "queue", "workers", "sweeper", "clocks"}


@pytest.fixture
def own(tmp_path: Path) -> Settings:
    """A service that was never started."""
    (port,) = free_ports(1)
    return Settings(data_dir=tmp_path / "data", port=port)


def found(settings: Settings, **changed: object) -> dict[str, Finding]:
    """Settings that others were derived from are made anew: an address follows from a port."""
    return {each.part: each for each in examination(settings.model_copy(update=changed))}


def not_ok(findings: dict[str, Finding]) -> dict[str, State]:
    return {part: each.state for part, each in findings.items() if each.state is not State.OK}


def test_before_the_first_start_nothing_is_failing(own: Settings) -> None:
    findings = found(own)

    assert not_ok(findings) == dict.fromkeys(DOORS, State.WARNING)
    assert "talkreel up" in (findings["queue"].remedy or "")
    assert list(own.data_dir.rglob("*.db")) == []


def test_of_a_running_service_all_is_well(service: Service) -> None:
    findings = talkreel(service, "doctor", "--json")

    assert {each["state"] for each in findings} == {"ok"}
    assert {"ffmpeg", "face models", "storage", "workers"} <= {each["part"] for each in findings}


def test_every_line_tells_how_it_is_and_what_to_do(own: Settings) -> None:
    environment = {"DATA_DIR": str(own.data_dir), "PORT": str(own.port), "REDIS_URL": NOWHERE["redis_url"]}

    done = run([TALKREEL, "doctor"], environment)

    lines = {line[9:21].strip(): line for line in done.stdout.splitlines()}
    assert done.returncode == 1
    assert lines["python"].startswith("ok ")
    assert lines["database"].startswith("warning ")
    assert lines["queue"].startswith("failing ")
    assert lines["queue"].endswith("REDIS_URL leads to it.")
    assert "Traceback" not in done.stderr


def test_what_can_t_be_reached_is_failing(own: Settings) -> None:
    findings = found(own, **NOWHERE)

    assert {part: findings[part].state for part in DOORS} == dict.fromkeys(DOORS, State.FAILING)
    assert "DATABASE_URL" in (findings["database"].remedy or "")


def test_no_secret_is_told(own: Settings) -> None:
    url = "postgresql+psycopg://user:hunter2@127.0.0.1:1/none"

    assert "hunter2" not in repr(found(own, database_url=url, redis_url="redis://:hunter2@127.0.0.1:1"))


def test_a_shared_redis_that_forgets_and_a_missing_key_are_concerns(
    own: Settings, valkey_server: Valkey, postgres_server: Postgres
) -> None:
    shared = {"redis_url": valkey_server.url, "database_url": postgres_server.fresh_database()}

    findings = found(own, **shared)

    assert findings["queue"].state is State.WARNING
    assert "appendonly yes" in (findings["queue"].remedy or "")
    assert findings["database"].state is State.WARNING, "its tables are not there yet"
    assert "SECRET_KEY" in (findings["secret key"].remedy or "")
    assert findings["clocks"].state is State.OK


def test_a_short_secret_is_a_concern(own: Settings) -> None:
    assert not_ok(found(own, secret_key=SecretStr("guess me")))["secret key"] is State.WARNING


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        yield other.getsockname()[1]


def test_a_port_that_somebody_else_has_is_failing(own: Settings, taken_port: int) -> None:
    assert not_ok(found(own, port=taken_port))["port"] is State.FAILING


def test_missing_models_and_an_ffmpeg_that_can_t_are_failing(
    own: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\necho ' V..... libx264 x'")
    program.chmod(0o755)
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(program))

    findings = found(own, face_model_dir=tmp_path)

    assert findings["ffmpeg"].words.endswith("can't do aac, alac, h264, mp3, opus, vorbis")
    assert findings["face models"].state is State.FAILING


@pytest.mark.parametrize(
    ("host", "public_url", "state"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000", State.OK),
        ("0.0.0.0", "http://0.0.0.0:8000", State.WARNING),
        ("0.0.0.0", "http://videos.example.com", State.WARNING),
        ("0.0.0.0", "https://videos.example.com", State.OK),
        ("127.0.0.1", "https://videos.example.com", State.OK),
    ],
)
def test_links_that_lead_nowhere_or_in_the_clear_are_concerns(
    own: Settings, host: str, public_url: str, state: State
) -> None:
    assert found(own, host=host, public_url=public_url)["links"].state is state


def test_a_folder_that_is_none_is_failing(own: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    findings = found(own, data_dir=tmp_path / "file")

    assert not_ok(findings)["data"] is State.FAILING
    assert not_ok(findings)["storage"] is State.FAILING
