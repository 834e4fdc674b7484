"""The talkreel command: keys, and what a start does and refuses to do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.core import packaged_files
from tests.endtoend.machines import command_of
from tests.support.processes import missing
from tests.support.service import TALKREEL, Service, wait_until

ROOT = packaged_files.ROOT
STARTS = {
    "the whole service": [TALKREEL, "up"],
    **{process: command_of(process) for process in ("web", "worker", "sweeper")},
}


@pytest.fixture(scope="module")
def own_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service to be looked at closely, and stopped and started again."""
    with Service(tmp_path_factory.mktemp("own-service"), RENDER_WORKERS="1") as service:
        yield service


def run(argv: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, env={"PATH": os.defpath, **environment}, capture_output=True, text=True, timeout=60
    )


def talkreel(service: Service, *arguments: str) -> list[dict[str, Any]]:
    """Each line the command printed, as JSON."""
    done = run([TALKREEL, *arguments], service.environment)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_new_key_is_printed_as_one_json_object_and_works_at_once(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "Alice's laptop")

    assert set(key) == {"id", "name", "apiKey", "webhookSecret"}
    assert key["name"] == "Alice's laptop"
    assert key["webhookSecret"].startswith("whsec_")
    assert jobs_answer(service, key["apiKey"]).status_code == 200


def test_keys_are_listed_without_what_is_secret(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "listed")

    (listed,) = (each for each in talkreel(service, "keys", "list") if each["id"] == key["id"])

    assert not {"apiKey", "webhookSecret"} & set(listed)
    assert key["apiKey"].startswith(listed["prefix"])
    assert (listed["name"], listed["revokedAt"], listed["admin"]) == ("listed", None, False)
    assert listed["maxActiveJobs"] == 1


def test_a_key_may_be_made_for_several_jobs_at_once(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "busy", "--max-active-jobs", "3")

    (listed,) = (each for each in talkreel(service, "keys", "list") if each["id"] == key["id"])

    assert listed["maxActiveJobs"] == 3


def test_an_admin_s_key_with_a_quota_is_made_and_used_over_http(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "root", "--admin", "--monthly-quota", "3600")

    headers = {"X-API-Key": key["apiKey"]}
    made = httpx.post(f"{service.address}/api/keys", headers=headers, json={"name": "made over HTTP"})

    assert made.status_code == 201
    assert jobs_answer(service, made.json()["apiKey"]).status_code == 200
    (listed,) = (each for each in talkreel(service, "keys", "list") if each["id"] == key["id"])
    assert (listed["admin"], listed["monthlyQuotaSeconds"]) == (True, 3600)
    assert listed["lastUsedAt"] is not None


@pytest.mark.parametrize(("option", "value"), [("--max-active-jobs", "101"), ("--monthly-quota", "0")])
def test_a_bound_that_can_t_be_is_refused_and_makes_no_key(service: Service, option: str, value: str) -> None:
    done = run([TALKREEL, "keys", "create", "bound to fail", option, value], service.environment)

    assert done.returncode != 0
    assert option in done.stderr
    assert "Traceback" not in done.stderr
    assert "bound to fail" not in [key["name"] for key in talkreel(service, "keys", "list")]


def test_a_revoked_key_is_401_from_then_on(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "lost")

    assert talkreel(service, "keys", "revoke", key["id"]) == [{"id": key["id"], "revoked": True}]

    answer = jobs_answer(service, key["apiKey"])
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_api_key")


def test_revoking_a_key_that_is_not_there_says_so(service: Service) -> None:
    done = run([TALKREEL, "keys", "revoke", "nobody"], service.environment)

    assert done.returncode != 0
    assert "nobody" in done.stderr


def test_a_rotated_secret_is_printed_once_with_the_end_of_the_old_one_s_grace(service: Service) -> None:
    (key,) = talkreel(service, "keys", "create", "rotated")

    (made,) = talkreel(service, "keys", "rotate-secret", key["id"], "--grace", "2h")

    assert set(made) == {"id", "webhookSecret", "previousUntil"}
    assert made["id"] == key["id"]
    assert made["webhookSecret"].startswith("whsec_")
    assert made["webhookSecret"] != key["webhookSecret"]
    left = datetime.fromisoformat(made["previousUntil"]) - datetime.now(UTC)
    assert timedelta(hours=1, minutes=58) < left < timedelta(hours=2, minutes=1)


@pytest.mark.parametrize("grace", ["soon", "-1h", "99999d", "1h30m"])
def test_a_grace_that_is_no_time_is_refused_and_rotates_nothing(service: Service, grace: str) -> None:
    done = run([TALKREEL, "keys", "rotate-secret", "nobody", "--grace", grace], service.environment)

    assert done.returncode != 0
    assert f"{grace!r} is not a time such as 30m, 24h or 7d" in done.stderr
    assert "Traceback" not in done.stderr


def test_rotating_the_secret_of_a_key_that_is_not_there_says_so(service: Service) -> None:
    done = run([TALKREEL, "keys", "rotate-secret", "nobody"], service.environment)

    assert done.returncode != 0
    assert "nobody" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("argv", STARTS.values(), ids=STARTS)
def test_bad_settings_stop_the_start_with_all_of_them_in_one_message(argv: list[str], tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(
            argv,
            {
                "PORT": str(taken.getsockname()[1]),
                "DATA_DIR": str(tmp_path / "data"),
                "LEASE_SECONDS": "soon",
                "DATABASE_URL": "mysql://someone:hidden@host/name",
                "WEBHOOK_ALLOW_NETS": "everything",
            },
        )

    assert done.returncode != 0
    assert done.stderr.count("The settings can't be used") == 1
    for problem in ("LEASE_SECONDS=", "DATABASE_URL=", "WEBHOOK_ALLOW_NETS="):
        assert problem in done.stderr
    for word in ("Traceback", "hidden", "listen", "in use"):
        assert word not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_named_before_anything_is_made(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run([TALKREEL, "up"], {"PORT": str(port), "DATA_DIR": str(tmp_path / "data")})

    assert done.returncode != 0
    assert f"127.0.0.1:{port}" in done.stderr
    assert "in use" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


def test_the_first_start_prints_a_key_and_a_line_that_works_as_it_is(own_service: Service) -> None:
    printed = own_service.log.read_text()
    assert own_service.address in printed

    if not shutil.which("curl"):
        missing("curl is not installed")

    answer = subprocess.run(["/bin/sh", "-c", curl_line(printed)], cwd=ROOT, capture_output=True, timeout=30)

    assert json.loads(answer.stdout)["message"] == "Job created"


def test_the_first_key_is_an_admin_s(own_service: Service) -> None:
    first, *_ = talkreel(own_service, "keys", "list")

    assert (first["name"], first["admin"]) == ("first", True)


def test_the_secret_that_signs_urls_is_its_owner_s_alone(own_service: Service) -> None:
    assert (own_service.data_dir / "secret_key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("words", ["talkreel-web", "talkreel-worker", "talkreel-sweepe", "valkey-server"])
def test_a_process_that_dies_is_started_again(own_service: Service, words: str) -> None:
    alice = own_service.user("alice")
    died, *its_children = own_service.processes(words)

    died.kill()

    wait_until(lambda: not any(each.is_running() for each in (died, *its_children)))
    wait_until(lambda: own_service.processes(words) and is_ready(own_service))
    assert alice.wait_for(alice.submitted(), "COMPLETED")


def test_ctrl_c_stops_everything_within_ten_seconds_though_clients_hold_on(own_service: Service) -> None:
    client = own_service.user("holding on").http
    assert client.get("/api/jobs").status_code == 200
    family = own_service.processes("")
    supervisor = family[0].parent()
    assert supervisor is not None

    supervisor.send_signal(signal.SIGINT)
    begun_at = time.monotonic()
    wait_until(lambda: not any(each.is_running() for each in family), seconds=12)

    assert time.monotonic() - begun_at < 10
    client.close()


def test_a_later_start_prints_the_address_and_no_key(own_service: Service) -> None:
    own_service.stop()
    own_service.log.unlink()
    own_service.start()

    printed = own_service.log.read_text()
    assert own_service.address in printed
    assert "API key" not in printed
    assert "curl" not in printed


def jobs_answer(service: Service, api_key: str) -> httpx.Response:
    return httpx.get(f"{service.address}/api/jobs", headers={"X-API-Key": api_key})


def curl_line(printed: str) -> str:
    """The two lines that begin with curl."""
    lines = printed.splitlines()
    first = next(number for number, line in enumerate(lines) if line.strip().startswith("curl "))
    return f"{lines[first]}\n{lines[first + 1]}"


def is_ready(service: Service) -> bool:
    try:
        return httpx.get(f"{service.address}/ready").status_code == 200
    except httpx.TransportError:
        return False
