"""`Prefer: wait=N`, under a server that can't park connections: this process."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from app.web.views.prefer_wait import MAX_WAIT_SECONDS
from tests.support.service import wait_until
from tests.support.world import World
from tests.web.views.conftest import MakeWorld


def ask(world: World, job_id: str, prefer: str) -> TestResponse:
    return world.alice.client.get(f"/api/status/{job_id}", headers={**world.alice.headers, "Prefer": prefer})


@pytest.mark.parametrize(
    ("prefer", "applied"),
    [
        ("wait=5", "wait=5"),
        ("Wait = 5", "wait=5"),
        ('wait="5"', "wait=5"),
        ("respond-async, wait=5; why=impatience", "wait=5"),
        ("wait=5, wait=9", "wait=5"),
        ("wait=999999", f"wait={MAX_WAIT_SECONDS}"),
        ("wait=0", None),
        ("wait=-1", None),
        ("wait=soon", None),
        ("wait", None),
        ("await=5", None),
        ("respond-async", None),
    ],
)
def test_a_wish_is_heard_where_it_can_be_read(world: World, prefer: str, applied: str | None) -> None:
    job_id = world.alice.submitted()
    world.fail(job_id)

    assert ask(world, job_id, prefer).headers.get("Preference-Applied") == applied


def test_the_answer_comes_when_the_job_has_ended(world: World) -> None:
    job_id = world.alice.submitted()
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(ask, world, job_id, "wait=30")
        world.fail(job_id)
        answer = asked.result(20)

    assert answer.json == world.alice.status(job_id)
    assert answer.headers["ETag"] == world.alice.get(f"/api/status/{job_id}").headers["ETag"]
    assert "Retry-After" not in answer.headers


def test_the_answer_comes_when_time_is_up(world: World) -> None:
    job_id = world.alice.submitted()

    answer = ask(world, job_id, "wait=1")

    assert (answer.json or {})["status"] == "PENDING"
    assert answer.headers["Preference-Applied"] == "wait=1"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_submission_that_waits_brings_the_job(world: World) -> None:
    world.alice.client.environ_base["HTTP_PREFER"] = "wait=30"
    with ThreadPoolExecutor() as pool:
        asked = pool.submit(world.alice.submit)
        wait_until(lambda: world.count("jobs"))
        job_id = only_job(world)
        world.fail(job_id)
        answer = asked.result(20)

    assert answer.status_code == 201
    assert answer.json == {"message": "Job created", "jobId": job_id, "job": world.alice.status(job_id)}


def test_a_submission_that_does_not_wait_brings_what_it_always_did(world: World) -> None:
    assert (world.alice.submit().json or {}).keys() == {"message", "jobId"}


def test_where_nobody_can_wait_any_more_the_answer_comes_at_once(make_world: MakeWorld) -> None:
    world = make_world(max_streams=1)
    job_id = world.alice.submitted()
    with world.alice.get(f"/api/jobs/{job_id}/events"):
        answer = ask(world, job_id, "wait=60")

    assert (answer.json or {})["status"] == "PENDING"
    assert "Preference-Applied" not in answer.headers


def only_job(world: World) -> str:
    return str((world.alice.get("/api/jobs").json or {})["jobs"][0]["id"])
