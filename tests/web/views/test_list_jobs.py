"""GET /api/jobs"""

from __future__ import annotations

from typing import Any

import pytest
from sqlmodel import col, update

from app.database.models import Job
from app.domain.states import JobStatus
from tests.support.world import World
from tests.web.views.lists import add_ended, ids_on, page

FIELDS = {
    "id",
    "status",
    "outputVideo",
    "outputShareLink",
    "errorMessage",
    "retries",
    "createdAt",
    "updatedAt",
    "webhookUrl",
}


def test_without_jobs_there_is_an_empty_page(world: World) -> None:
    assert page(world.alice) == {
        "jobs": [],
        "pagination": {"limit": 20, "nextCursor": None, "hasNextPage": False},
    }


def test_a_job_is_listed_with_exactly_these_fields(world: World) -> None:
    job_id = world.alice.submitted(webhookUrl="https://example.com/hook")
    status = world.alice.status(job_id)

    (listed,) = page(world.alice)["jobs"]

    assert listed.keys() == FIELDS
    assert listed == {
        "id": job_id,
        "status": "PENDING",
        "outputVideo": None,
        "outputShareLink": None,
        "errorMessage": None,
        "retries": 0,
        "createdAt": status["createdAt"],
        "updatedAt": status["updatedAt"],
        "webhookUrl": "https://example.com/hook",
    }


def test_a_job_says_the_same_in_the_list_as_alone(world: World) -> None:
    failed = world.alice.submitted()
    world.fail(failed, "The audio file holds no sound.")
    completed = world.alice.submitted()
    world.complete(completed)

    listed = {job["id"]: job for job in page(world.alice)["jobs"]}

    same = ("status", "outputVideo", "outputShareLink", "errorMessage", "createdAt", "updatedAt")
    for job_id in (failed, completed):
        status = world.alice.status(job_id)
        assert {name: listed[job_id][name] for name in same} == {name: status[name] for name in same}
    assert listed[completed]["outputVideo"]
    assert listed[failed]["errorMessage"] == "The audio file holds no sound."


def test_the_newest_comes_first(database_world: World) -> None:
    middle, oldest, newest = add_ended(database_world, database_world.alice, 2000, 1000, 3000)

    assert ids_on(page(database_world.alice)) == [newest, middle, oldest]


def test_nobody_sees_somebody_elses_jobs(world: World) -> None:
    world.alice.submitted()

    assert page(world.bob)["jobs"] == []


@pytest.mark.parametrize(("asked", "given"), [({}, 20), ({"limit": 1}, 1), ({"limit": 100}, 100)])
def test_a_page_is_as_long_as_asked(world: World, asked: dict[str, int], given: int) -> None:
    add_ended(world, world.alice, *range(120))

    found = page(world.alice, **asked)

    assert len(found["jobs"]) == found["pagination"]["limit"] == given
    assert found["pagination"]["hasNextPage"] is True
    assert found["pagination"]["nextCursor"]


@pytest.mark.parametrize("jobs", [4, 5])
def test_the_last_page_has_no_next(world: World, jobs: int) -> None:
    add_ended(world, world.alice, *range(jobs))

    found = page(world.alice, limit=5)

    assert len(found["jobs"]) == jobs
    assert found["pagination"] == {"limit": 5, "nextCursor": None, "hasNextPage": False}


@pytest.mark.parametrize("limit", ["0", "101", "-1", "", "ten", "1.5", "+5", "1e1", "٣", " 5", "9" * 5000])
def test_a_limit_out_of_bounds_is_named(world: World, limit: str) -> None:
    answer = world.alice.get("/api/jobs", query_string={"limit": limit})

    assert answer.status_code == 400
    assert answer.json == {
        "error": "'limit' must be a number from 1 to 100.",
        "code": "invalid_parameter",
        "parameter": "limit",
    }


@pytest.mark.parametrize("status", ["pending", "DONE", "", "PENDING,FAILED", "\0"])
def test_an_unknown_status_is_named(world: World, status: str) -> None:
    answer = world.alice.get("/api/jobs", query_string={"status": status})

    assert answer.status_code == 400
    assert answer.json is not None
    assert (answer.json["code"], answer.json["parameter"]) == ("invalid_parameter", "status")
    assert all(word in answer.json["error"] for word in JobStatus)


@pytest.mark.parametrize("name", ["limit", "cursor", "status"])
def test_a_parameter_that_is_there_twice_is_named(world: World, name: str) -> None:
    answer = world.alice.get(f"/api/jobs?{name}=1&{name}=2")

    assert answer.status_code == 400
    assert answer.json == {
        "error": f"'{name}' must be given once.",
        "code": "invalid_parameter",
        "parameter": name,
    }


def test_each_status_shows_its_jobs_alone(database_world: World) -> None:
    world = database_world
    jobs: dict[JobStatus, str] = {}
    for status in (JobStatus.CANCELLED, JobStatus.COMPLETED, JobStatus.FAILED, JobStatus.PENDING):
        (jobs[status],) = add_ended(world, world.alice, len(jobs))
        with world.services.database.writing() as session:
            session.exec(update(Job).where(col(Job.id) == jobs[status]).values(status=status))

    for status, job_id in jobs.items():
        assert ids_on(page(world.alice, status=status)) == [job_id]
    assert ids_on(page(world.alice, status=JobStatus.PROCESSING)) == []


def test_a_status_is_paged_by_cursor_too(world: World) -> None:
    wanted = add_ended(world, world.alice, *range(7))
    world.alice.submitted()

    seen: list[str] = []
    cursor: dict[str, Any] = {}
    for _ in range(3):
        found = page(world.alice, limit=3, status="CANCELLED", **cursor)
        seen += ids_on(found)
        cursor = {"cursor": found["pagination"]["nextCursor"]}

    assert seen == wanted[::-1]
    assert cursor == {"cursor": None}


@pytest.mark.parametrize(
    ("path", "name", "hint"),
    [
        ("/api/jobs?state=FAILED", "state", "Did you mean 'status'?"),
        ("/api/jobs?limit=1&page=2", "page", "Known here: limit, cursor, status, deleted."),
        ("/api/status/abcdefghijklmnopqrstuvwx?verbose", "verbose", "None is known here."),
        ("/api/usage?day=3", "day", "Did you mean 'days'?"),
    ],
)
def test_a_parameter_that_is_not_known_is_named_beside_the_nearest_that_is(
    world: World, path: str, name: str, hint: str
) -> None:
    answer = world.alice.get(path)

    assert answer.status_code == 400
    assert answer.json == {
        "error": f"Unknown parameter '{name}'. {hint}",
        "code": "unknown_parameter",
        "parameter": name,
    }


@pytest.mark.parametrize("path", ["/health?now", "/api/health?now=1", "/api/openapi.json?v=3", "/?utm=1"])
def test_where_no_key_is_needed_a_parameter_more_does_no_harm(world: World, path: str) -> None:
    assert world.app.test_client().get(path).status_code == 200


def test_who_has_no_key_hears_of_that_first(world: World) -> None:
    assert world.app.test_client().get("/api/jobs?state=FAILED").status_code == 401
