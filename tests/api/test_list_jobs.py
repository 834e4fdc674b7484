"""GET /api/jobs"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import event
from sqlmodel import col, delete, update

from app import ids
from app.cursors import Cursor, encode
from app.media import MediaType
from app.models import Job
from app.states import JobStatus, Motion, Phase
from tests.world import Person, World

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


def page(person: Person, **query: Any) -> dict[str, Any]:
    answer = person.get("/api/jobs", query_string=query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def ids_on(page: dict[str, Any]) -> list[str]:
    return [job["id"] for job in page["jobs"]]


def add_ended(world: World, owner: Person, *created_at_ms: int) -> list[str]:
    """Adds a cancelled job for each time, and returns their ids."""
    new = [ids.new_id() for _ in created_at_ms]
    with world.services.database.writing() as session:
        for job_id, at_ms in zip(new, created_at_ms, strict=True):
            session.add(
                Job(
                    id=job_id,
                    api_key_id=owner.key.id,
                    status=JobStatus.CANCELLED,
                    motion_asked=Motion.AUTO,
                    image_type=MediaType.PNG,
                    audio_type=MediaType.WAV,
                    phase=Phase.DONE,
                    created_at_ms=at_ms,
                    updated_at_ms=at_ms,
                )
            )
    return new


def remove(world: World, job_id: str) -> None:
    with world.services.database.writing() as session:
        session.exec(delete(Job).where(col(Job.id) == job_id))


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


def test_no_job_is_skipped_or_repeated_while_others_come_and_go(database_world: World) -> None:
    world, alice, chance = database_world, database_world.alice, random.Random(7)
    # Many share a millisecond, so that the id has to decide.
    before = set(add_ended(world, alice, *(1000 + number // 9 for number in range(250))))
    add_ended(world, world.bob, *range(1000, 1030))
    staying, times_to_come = set(before), count(1028)

    seen: list[tuple[str, str]] = []
    query: dict[str, Any] = {"limit": 20}
    while True:
        found = page(alice, **query)
        seen += [(job["createdAt"], job["id"]) for job in found["jobs"]]
        if not found["pagination"]["hasNextPage"]:
            break
        query["cursor"] = found["pagination"]["nextCursor"]
        add_ended(world, alice, *(next(times_to_come) for _ in range(5)))
        # The last one seen is among those that go: the cursor names a row that isn't there any more.
        for gone in (ids_on(found)[-1], *chance.sample(sorted(staying), 3)):
            remove(world, gone)
            staying.discard(gone)

    assert seen == sorted(seen, reverse=True)
    assert len(seen) == len(set(seen))
    assert staying <= {job_id for _, job_id in seen} <= before


@pytest.mark.parametrize(
    ("status", "index"), [({}, "ix_jobs_page"), ({"status": "CANCELLED"}, "ix_jobs_page_by_status")]
)
def test_a_deep_page_is_found_by_the_index_alone(world: World, status: dict[str, str], index: str) -> None:
    add_ended(world, world.alice, *range(50))
    cursor = page(world.alice, limit=5, **status)["pagination"]["nextCursor"]

    with statements_of(world) as statements:
        page(world.alice, limit=5, cursor=cursor, **status)

    plan = explain(world, *next(each for each in statements if "LIMIT" in each[0]))
    assert f"USING INDEX {index} (" in plan
    assert "(created_at_ms,id)<(?,?)" in plan
    assert "TEMP B-TREE" not in plan


@contextmanager
def statements_of(world: World) -> Iterator[list[tuple[str, Any]]]:
    """What SQL is executed meanwhile, with its parameters."""
    statements: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        statements.append((statement, parameters))

    event.listen(world.services.database.engine, "before_cursor_execute", note)
    yield statements
    event.remove(world.services.database.engine, "before_cursor_execute", note)


def explain(world: World, statement: str, parameters: Any) -> str:
    with world.services.database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


GARBAGE = st.text() | st.binary().map(lambda raw: base64.urlsafe_b64encode(raw).decode())


@given(cursor=GARBAGE)
@example("")
@example("null")
@example("MTAwMC5hYmM")
@example(base64.urlsafe_b64encode(b"9" * 16 + b".abcdefgh").decode())
@example(base64.urlsafe_b64encode("١.abcdefgh".encode()).decode())
@hypothesis_settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_a_cursor_that_cant_be_read_is_told_so(patient_world: World, cursor: str) -> None:
    answer = patient_world.alice.get("/api/jobs", query_string={"cursor": cursor.encode("utf-8", "replace")})

    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["code"] == "invalid_cursor"


def test_a_cursor_is_opaque() -> None:
    cursor = encode(Cursor(1_700_000_000_000, "a" * 24))

    assert "1700000000000" not in cursor
    assert cursor.replace("-", "").replace("_", "").isalnum()


def test_somebody_elses_cursor_shows_nothing_of_theirs(world: World) -> None:
    add_ended(world, world.alice, *range(5))
    cursor = page(world.alice, limit=2)["pagination"]["nextCursor"]

    assert page(world.bob, cursor=cursor)["jobs"] == []
