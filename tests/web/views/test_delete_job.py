"""DELETE /api/jobs/<jobId>"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.support.world import World
from tests.web.views.conftest import MakeWorld
from tests.web.views.lists import ids_on, page


def cancel(world: World, job_id: str) -> None:
    world.alice.post(f"/api/jobs/{job_id}/cancel")


ENDS: list[Callable[[World, str], None]] = [World.complete, World.fail, cancel]


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize("end", ENDS)
def test_an_ended_job_is_gone_at_once_and_kept_for_three_days(
    database_world: World, end: Callable[[World, str], None]
) -> None:
    world, job_id = database_world, database_world.alice.submitted()
    end(world, job_id)
    kept = world.left_files()

    answer = world.alice.delete(f"/api/jobs/{job_id}")

    body: dict[str, Any] = dict(answer.json or {})
    assert answer.status_code == 200
    assert body == {
        "success": True,
        "message": "Job deleted successfully",
        "jobId": job_id,
        "deletedAt": body["deletedAt"],
        "restorableUntil": body["restorableUntil"],
    }
    assert moment(body["restorableUntil"]) - moment(body["deletedAt"]) == timedelta(hours=72)
    assert ids_on(page(world.alice)) == []
    for method, path in (
        ("GET", f"/api/status/{job_id}"),
        ("GET", f"/api/jobs/{job_id}/events"),
        ("GET", f"/api/jobs/{job_id}/deliveries"),
        ("POST", f"/api/jobs/{job_id}/cancel"),
        ("DELETE", f"/api/jobs/{job_id}"),
    ):
        answer = world.alice.client.open(path, method=method, headers=world.alice.headers)
        assert (answer.status_code, (answer.json or {})["code"]) == (404, "job_not_found"), path
    assert world.left_files() == kept


@pytest.mark.parametrize("query", ["?permanent=true", ""])
@pytest.mark.parametrize("end", ENDS)
def test_a_permanent_deletion_takes_row_and_files_along(
    make_world: MakeWorld, end: Callable[[World, str], None], query: str
) -> None:
    world = make_world(deleted_keep_hours=72 if query else 0)
    job_id = world.alice.submitted()
    end(world, job_id)

    answer = world.alice.delete(f"/api/jobs/{job_id}{query}")

    assert answer.status_code == 200
    assert (answer.json or {}).pop("deletedAt")
    assert {**(answer.json or {}), "deletedAt": ""} == {
        "success": True,
        "message": "Job deleted successfully",
        "jobId": job_id,
        "deletedAt": "",
        "restorableUntil": None,
    }
    assert (world.count("jobs"), world.left_files()) == (0, [])
    assert world.alice.get(f"/api/status/{job_id}").status_code == 404
    assert world.alice.post(f"/api/jobs/{job_id}/restore").status_code == 404


def test_a_deleted_job_can_be_deleted_for_good(database_world: World) -> None:
    world, job_id = database_world, database_world.alice.submitted()
    world.complete(job_id)
    world.alice.delete(f"/api/jobs/{job_id}")

    answers = [world.alice.delete(f"/api/jobs/{job_id}?permanent=true") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 404]
    assert (world.count("jobs"), world.left_files()) == (0, [])


@pytest.mark.parametrize("permanent", ["", "True", "1", "yes", "true&permanent=true"])
def test_another_word_for_permanent_deletes_nothing(world: World, permanent: str) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)

    answer = world.alice.delete(f"/api/jobs/{job_id}?permanent={permanent}")

    assert (answer.status_code, (answer.json or {})["code"]) == (400, "invalid_parameter")
    assert world.alice.status(job_id)["status"] == "COMPLETED"


def test_a_completed_job_s_file_goes_from_every_store_for_good(storage_world: World) -> None:
    job_id = storage_world.alice.submitted()
    storage_world.complete(job_id)

    storage_world.alice.delete(f"/api/jobs/{job_id}?permanent=true")

    for area in ("uploads", "outputs"):
        kept = [folder.job_id for folder in storage_world.services.storage.prefixes(area)]
        assert job_id not in kept


@pytest.mark.parametrize("query", ["", "?permanent=true"])
def test_a_pending_job_is_cancelled_whatever_is_asked(world: World, query: str) -> None:
    job_id = world.alice.submitted()

    answer = world.alice.delete(f"/api/jobs/{job_id}{query}")

    assert answer.json == {"success": True, "message": "Job cancelled successfully"}
    assert world.alice.status(job_id)["status"] == "CANCELLED"


def test_a_pending_job_is_cancelled_and_nothing_else(world: World) -> None:
    cancelled, deleted = world.alice.submitted(), world.bob.submitted()

    by_cancel = world.alice.post(f"/api/jobs/{cancelled}/cancel")
    by_delete = world.bob.delete(f"/api/jobs/{deleted}")

    assert (by_delete.status_code, by_delete.data) == (by_cancel.status_code, by_cancel.data)
    assert world.bob.status(deleted)["status"] == "CANCELLED"
    assert world.left_files() == []


def test_the_second_delete_of_a_pending_job_removes_it(world: World) -> None:
    job_id = world.alice.submitted()

    answers = [world.alice.delete(f"/api/jobs/{job_id}") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 404]
    assert [(answer.json or {}).get("message") for answer in answers[:2]] == [
        "Job cancelled successfully",
        "Job deleted successfully",
    ]


def test_a_job_at_work_is_not_deleted(database_world: World) -> None:
    job_id = database_world.alice.submitted()
    database_world.claim(job_id)

    answer = database_world.alice.delete(f"/api/jobs/{job_id}")

    assert answer.status_code == 409
    assert (answer.json or {})["code"] == "not_cancellable"
    assert database_world.alice.status(job_id)["status"] == "PROCESSING"
    assert len(database_world.left_files()) == 2


def test_a_deleted_job_leaves_the_list_and_its_neighbours(world: World) -> None:
    first = world.alice.submitted()
    world.fail(first)
    second = world.alice.submitted()
    world.complete(second)

    world.alice.delete(f"/api/jobs/{first}")

    assert ids_on(page(world.alice)) == [second]
    assert ids_on(page(world.alice, status="FAILED")) == []


def test_a_webhook_that_is_due_outlives_its_job(world: World) -> None:
    job_id = world.alice.submitted(webhookUrl="https://example.com/hook")
    world.complete(job_id)

    world.alice.delete(f"/api/jobs/{job_id}")

    assert world.count("deliveries") == 1
