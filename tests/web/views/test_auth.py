"""Who may ask, and for what."""

from __future__ import annotations

import hashlib

import pytest

from app.keys import api_keys
from app.keys.api_keys import MintedKey
from tests.support.world import World

MISSING = {"error": "Missing X-API-Key header", "code": "missing_api_key"}
INVALID = {"error": "API key not recognized or has been deactivated", "code": "invalid_api_key"}

#: Method and path of everything below /api, and of what isn't there.
BEHIND_THE_KEY = [
    ("POST", "/api/jobs"),
    ("GET", "/api/jobs"),
    ("PUT", "/api/jobs"),
    ("GET", "/api/status/nobodys"),
    ("POST", "/api/jobs/nobodys/cancel"),
    ("DELETE", "/api/jobs/nobodys"),
    ("GET", "/api/jobs/nobodys/deliveries"),
    ("POST", "/api/jobs/nobodys/deliveries/none/redeliver"),
    ("POST", "/api/keys"),
    ("DELETE", "/api/keys/nobodys"),
    ("GET", "/api/usage"),
    ("GET", "/api/nowhere"),
    ("GET", "/api/"),
    ("GET", "/api/health/nowhere"),
]


@pytest.mark.parametrize(("method", "path"), BEHIND_THE_KEY)
def test_without_a_key_every_path_below_api_says_which_header_is_missing(
    world: World, method: str, path: str
) -> None:
    answer = world.app.test_client().open(path, method=method)

    assert (answer.status_code, answer.json) == (401, MISSING)


@pytest.mark.parametrize(("method", "path"), BEHIND_THE_KEY)
def test_an_unknown_key_opens_no_path_below_api(world: World, method: str, path: str) -> None:
    answer = world.app.test_client().open(path, method=method, headers={"X-API-Key": "tr_unknown"})

    assert (answer.status_code, answer.json) == (401, INVALID)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_a_bearer_token_is_a_key_too(world: World, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {world.alice.key.api_key}"}

    assert world.alice.client.get("/api/jobs", headers=headers).status_code == 200


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"X-API-Key": ""}, MISSING),
        ({"X-API-Key": "  "}, MISSING),
        ({"Authorization": "Bearer"}, MISSING),
        ({"Authorization": "Bearer "}, MISSING),
        ({"Authorization": "Basic dHJfdW5rbm93bjo="}, MISSING),
        ({"Authorization": "Bearer tr_unknown"}, INVALID),
        ({"X-API-Key": "ü\xff"}, INVALID),
    ],
)
def test_what_is_no_key_is_told_so(world: World, headers: dict[str, str], refusal: dict[str, str]) -> None:
    answer = world.app.test_client().get("/api/jobs", headers=headers)

    assert (answer.status_code, answer.json) == (401, refusal)


def test_the_key_of_x_api_key_counts_before_a_bearer_token(world: World) -> None:
    headers = {"X-API-Key": "tr_unknown", "Authorization": f"Bearer {world.alice.key.api_key}"}

    assert world.alice.client.get("/api/jobs", headers=headers).json == INVALID


def test_a_key_in_other_letters_is_another_key(world: World) -> None:
    headers = {"X-API-Key": world.alice.key.api_key.swapcase()}

    assert world.alice.client.get("/api/jobs", headers=headers).json == INVALID


def test_a_deactivated_key_is_not_recognized(world: World) -> None:
    api_keys.revoke(world.services.database, world.alice.key.id)

    answer = world.alice.get("/api/jobs")

    assert (answer.status_code, answer.json) == (401, INVALID)
    assert world.bob.get("/api/jobs").status_code == 200


@pytest.mark.parametrize("path", ["/health", "/api/health"])
def test_health_needs_no_key(world: World, path: str) -> None:
    answer = world.app.test_client().get(path)

    assert (answer.status_code, answer.json) == (200, {"status": "ok"})


def test_ready_needs_no_key(world: World) -> None:
    assert world.app.test_client().get("/ready").status_code == 503  # there are no workers


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/status/{}"),
        ("POST", "/api/jobs/{}/cancel"),
        ("DELETE", "/api/jobs/{}"),
        ("GET", "/api/jobs/{}/deliveries"),
    ],
)
def test_somebody_elses_job_answers_as_one_that_is_not_there(world: World, method: str, path: str) -> None:
    hers = world.alice.submitted()

    his = world.bob.client.open(path.format(hers), method=method, headers=world.bob.headers)
    nobodys = world.bob.client.open(path.format("n" * 24), method=method, headers=world.bob.headers)

    assert his.status_code == nobodys.status_code == 404
    assert his.data == nobodys.data
    assert his.json is not None
    assert his.json["code"] == "job_not_found"
    assert world.alice.status(hers)["status"] == "PENDING"


@pytest.mark.parametrize("job_id", ["%00", "a%00b", "%ff", "%F0%9F%8E%AC", "x" * 3000, "%27%20OR%201=1"])
def test_no_garbage_is_a_job(database_world: World, job_id: str) -> None:
    answer = database_world.alice.get(f"/api/status/{job_id}")

    assert answer.status_code == 404
    assert answer.json is not None
    assert answer.json["code"] == "job_not_found"


def test_a_key_is_kept_as_its_sha_256_alone(world: World) -> None:
    key: MintedKey = world.alice.key
    world.services.database.close()

    kept = b"".join(path.read_bytes() for path in world.settings.data_dir.rglob("*") if path.is_file())

    assert hashlib.sha256(key.api_key.encode()).hexdigest().encode() in kept
    assert key.api_key.removeprefix(api_keys.PREFIX).encode() not in kept
