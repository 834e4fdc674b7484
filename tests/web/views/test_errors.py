"""What every refusal looks like."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import structlog
from pydantic import SecretStr
from sqlalchemy.engine import URL, make_url
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from app.jobs import queries
from app.operations import readiness
from app.web.views.health import UNTOLD
from tests.support.servers import Valkey
from tests.support.service import Service, wait_until
from tests.support.world import World
from tests.web.views.conftest import MakeWorld

SECRET = "/srv/secret/path: SELECT * FROM api_keys"


def refusal(answer: TestResponse) -> dict[str, Any]:
    """The body of a refusal, which has the form that all have."""
    assert answer.content_type == "application/json"
    body = dict(answer.json or {})
    assert body["error"][0].isupper() or body["error"][0] == "'"
    assert body["code"].replace("_", "").islower()
    return body


@pytest.mark.parametrize("path", ["/api/", "/api/nowhere", "/api/jobs/", "/api/status/", "/api/jobs/a/b/c"])
def test_an_address_below_api_that_leads_nowhere_answers_json(world: World, path: str) -> None:
    answer = world.alice.get(path)

    assert answer.status_code == 404
    assert refusal(answer) == {"error": "There is nothing at this address.", "code": "not_found"}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/api/jobs", {"GET", "HEAD", "OPTIONS", "POST"}),
        ("POST", "/api/status/" + "a" * 24, {"GET", "HEAD", "OPTIONS"}),
        ("GET", "/api/jobs/" + "a" * 24, {"DELETE", "OPTIONS"}),
        ("GET", "/api/jobs/" + "a" * 24 + "/cancel", {"OPTIONS", "POST"}),
    ],
)
def test_a_method_that_isnt_taken_answers_json_and_names_those_that_are(
    world: World, method: str, path: str, allowed: set[str]
) -> None:
    answer = world.alice.client.open(path, method=method, headers=world.alice.headers)

    assert answer.status_code == 405
    assert refusal(answer)["code"] == "method_not_allowed"
    assert {word.strip() for word in answer.headers["Allow"].split(",")} == allowed


def test_a_doubled_slash_below_api_answers_json(world: World) -> None:
    answer = world.alice.get("/api//jobs")

    assert answer.status_code == 404
    assert refusal(answer)["code"] == "not_found"


def test_what_nobody_expected_is_500_with_the_id_the_log_has(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "page", _break)

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        answer = world.alice.get("/api/jobs")

    body = refusal(answer)
    assert answer.status_code == 500
    assert body == {
        "error": "Something went wrong on our side.",
        "code": "internal_error",
        "requestId": body["requestId"],
    }
    assert {entry["request_id"] for entry in logged} == {body["requestId"]}
    assert logged[0]["log_level"] == "error"
    assert "RateLimit-Remaining" in answer.headers


def test_nothing_internal_leaves_with_a_500(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queries, "page", _break)

    answer = world.alice.get("/api/jobs")

    shown = answer.text + str(answer.headers)
    assert not any(word in shown for word in ("secret", "SELECT", "RuntimeError", "Traceback", ".py"))


def _break(*_args: Any, **_options: Any) -> None:
    raise RuntimeError(SECRET)


def take_away(world: World) -> Callable[[], None]:
    """Makes the database unreachable, and returns how to bring it back."""
    world.services.database.close()
    url = make_url(world.settings.database_url)
    return _hide_file(Path(url.database or "")) if url.drivername == "sqlite" else _rename_database(url)


def _hide_file(path: Path) -> Callable[[], None]:
    kept = path.rename(path.with_suffix(".away"))
    path.mkdir()

    def bring_back() -> None:
        path.rmdir()
        kept.rename(path)

    return bring_back


def _rename_database(url: URL) -> Callable[[], None]:
    def rename(name: str | None, new_name: str | None) -> None:
        host = str(url.query["host"])
        with psycopg.connect(host=host, user=url.username, dbname="postgres", autocommit=True) as connection:
            connection.execute(f'ALTER DATABASE "{name}" RENAME TO "{new_name}"'.encode())

    rename(url.database, f"{url.database}_away")
    return lambda: rename(f"{url.database}_away", url.database)


DATABASE_DOWN = {
    "error": "The service can't take this request right now. Nothing accepted is lost; try again soon.",
    "code": "database_unavailable",
}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_without_its_database_the_service_says_when_to_come_back(database_world: World, method: str) -> None:
    take_away(database_world)

    answer = database_world.alice.client.open(
        "/api/jobs", method=method, headers=database_world.alice.headers
    )

    assert answer.status_code == 503
    assert refusal(answer) == DATABASE_DOWN
    assert int(answer.headers["Retry-After"]) > 0


def test_what_was_accepted_is_there_when_the_database_is_back(database_world: World) -> None:
    job_id = database_world.alice.submitted()

    bring_back = take_away(database_world)
    assert database_world.alice.get(f"/api/status/{job_id}").status_code == 503
    bring_back()

    assert database_world.alice.status(job_id)["status"] == "PENDING"


def test_the_other_refusals_of_a_closed_door_are_503_too(world: World) -> None:
    (world.settings.data_dir / "files").write_bytes(b"no folder")

    answer = world.alice.submit()

    assert answer.status_code == 503
    assert refusal(answer)["code"] == "storage_unavailable"
    assert int(answer.headers["Retry-After"]) > 0
    assert world.count("jobs") == 0


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_answers_whatever_is_gone(make_world: MakeWorld, mortal_valkey: Valkey, path: str) -> None:
    world = make_world(redis_url=mortal_valkey.url)
    take_away(world)
    mortal_valkey.kill()

    answer = world.app.test_client().get(path)

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_names_every_part_that_fails(make_world: MakeWorld, mortal_valkey: Valkey) -> None:
    world = make_world(redis_url=mortal_valkey.url)
    take_away(world)
    mortal_valkey.kill()
    (world.settings.data_dir / "files").write_bytes(b"no folder")

    answer = world.app.test_client().get("/ready")

    assert answer.status_code == 503
    assert (answer.json or {})["problems"].keys() >= {"database", "queue", "storage", "workers"}


def test_without_a_worker_the_service_is_not_ready(world: World) -> None:
    answer = world.app.test_client().get("/ready")

    assert (answer.json or {})["problems"].keys() - {"disk"} == {"workers", "sweeper"}


def test_with_everything_there_the_service_is_ready(service: Service) -> None:
    # Each web process looks for itself.
    wait_until(lambda: httpx.get(f"{service.address}/ready").json() == {"status": "ready"})


def test_a_missing_ffmpeg_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/nowhere/ffmpeg")

    answer = world.admin("operator").get("/ready")

    assert (answer.json or {})["problems"]["ffmpeg"] == "ffmpeg can't be run"


def test_a_disk_that_fills_up_is_named(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "MIN_FREE_BYTES", 1 << 60)

    answer = world.admin("operator").get("/ready")

    assert "MiB are free" in (answer.json or {})["problems"]["disk"]


def test_strangers_are_told_which_parts_fail_and_not_why(world: World) -> None:
    answer = world.app.test_client().get("/ready", headers={"X-API-Key": world.alice.key.api_key})

    assert set((answer.json or {})["problems"].values()) == {UNTOLD}


def test_the_bearer_of_the_metrics_token_is_told_why(make_world: MakeWorld, valkey_server: Valkey) -> None:
    world = make_world(redis_url=valkey_server.url, metrics_token=SecretStr("a-token-of-ours-for-tests"))

    answer = world.app.test_client().get(
        "/ready", headers={"Authorization": "Bearer a-token-of-ours-for-tests"}
    )

    assert "sign of life" in (answer.json or {})["problems"]["workers"]


def test_many_who_ask_at_once_cost_one_look(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    looks: list[int] = []
    monkeypatch.setattr(readiness, "problem_of", lambda _check: looks.append(1))
    with ThreadPoolExecutor(8) as many:
        list(many.map(lambda _number: world.app.test_client().get("/ready"), range(32)))

    assert len(looks) == len(world.services.readiness.parts)


def test_what_was_found_is_told_for_a_second(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [1_000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    problems = world.services.readiness.problems
    before = problems()
    monkeypatch.setattr(readiness, "MIN_FREE_BYTES", 1 << 60)

    now[0] += readiness.CACHE_SECONDS / 2
    assert problems() == before
    now[0] += readiness.CACHE_SECONDS
    assert "disk" in problems()
