"""GET /metrics: who may read it, and what it says of the rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from app.database.database import Database
from app.operations.exporter import scrape
from app.queue.queues import JobQueue
from tests.support.scraped import read
from tests.support.world import World
from tests.web.views.conftest import MakeWorld

NOBODY_THERE = "postgresql+psycopg://nobody@127.0.0.1:1/nothing"


def test_strangers_and_users_may_not_read_it(world: World) -> None:
    stranger = world.app.test_client().get("/metrics")
    user = world.alice.get("/metrics")

    assert (stranger.status_code, stranger.json) == (
        401,
        {"error": "Missing X-API-Key header", "code": "missing_api_key"},
    )
    assert (user.status_code, (user.json or {})["code"]) == (403, "admin_required")


def test_an_empty_token_is_no_token(world: World) -> None:
    answer = world.app.test_client().get("/metrics", headers={"Authorization": "Bearer "})

    assert answer.status_code == 401


def test_the_bearer_of_the_token_may_read_it(make_world: MakeWorld) -> None:
    world = make_world(metrics_token=SecretStr("a token"))
    client = world.app.test_client()

    right = client.get("/metrics", headers={"Authorization": "Bearer a token"})
    wrong = client.get("/metrics", headers={"Authorization": "Bearer another"})

    assert (right.status_code, wrong.status_code) == (200, 401)


def test_it_agrees_with_the_rows(database_world: World) -> None:
    world, root = database_world, database_world.admin("root")
    done, failed = world.alice.submitted(), world.bob.submitted(webhookUrl="https://hook.test/")
    world.complete(done)
    world.fail(failed)
    world.alice.submitted()

    found = read(root.get("/metrics").text)

    assert found["talkreel_jobs", "PENDING"] == 1
    assert found["talkreel_jobs", "PROCESSING"] == 0
    assert 0 <= found["talkreel_oldest_pending_seconds",] < 60
    assert found["talkreel_webhooks_pending",] == 1
    assert found["talkreel_jobs_submitted_total",] == 3
    assert found["talkreel_jobs_ended_total", "COMPLETED"] == 1
    assert found["talkreel_jobs_ended_total", "FAILED"] == 1
    assert found["talkreel_workers",] == 0
    assert found["talkreel_disk_free_bytes",] > 0
    assert (found["talkreel_part_up", "database"], found["talkreel_part_up", "redis"]) == (1, 1)


def test_what_is_down_is_said_to_be_and_the_rest_is_told(tmp_path: Path) -> None:
    found = read(
        scrape(tmp_path, Database(NOBODY_THERE), JobQueue(f"unix://{tmp_path / 'no.sock'}")).decode()
    )

    assert (found["talkreel_part_up", "database"], found["talkreel_part_up", "redis"]) == (0, 0)
    assert found["talkreel_disk_free_bytes",] > 0
    assert ("talkreel_workers",) not in found


@pytest.mark.parametrize("header", ["short", "with space in it", "x" * 65, 'quo"te-in-it'])
def test_a_strange_request_id_is_replaced(world: World, header: str) -> None:
    answer = world.app.test_client().get("/health", headers={"X-Request-Id": header})

    assert answer.headers["X-Request-Id"] != header


def test_a_sane_request_id_comes_back(world: World) -> None:
    answer = world.alice.client.get("/health", headers={"X-Request-Id": "proxy-1742.a_b"})

    assert answer.headers["X-Request-Id"] == "proxy-1742.a_b"
