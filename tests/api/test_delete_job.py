"""DELETE /api/jobs/<jobId>"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.world import World


def cancel(world: World, job_id: str) -> None:
    world.alice.post(f"/api/jobs/{job_id}/cancel")


ENDS: list[Callable[[World, str], None]] = [World.complete, World.fail, cancel]


@pytest.mark.parametrize("end", ENDS)
def test_an_ended_job_goes_with_its_row_and_files(
    database_world: World, end: Callable[[World, str], None]
) -> None:
    world, job_id = database_world, database_world.alice.submitted()
    end(world, job_id)

    answer = world.alice.delete(f"/api/jobs/{job_id}")

    assert answer.status_code == 200
    assert answer.json == {"success": True, "message": "Job deleted successfully"}
    assert world.count("jobs") == 0
    assert world.left_files() == []
    assert world.alice.get(f"/api/status/{job_id}").status_code == 404


def test_a_completed_job_s_file_goes_from_every_store(storage_world: World) -> None:
    job_id = storage_world.alice.submitted()
    storage_world.complete(job_id)

    storage_world.alice.delete(f"/api/jobs/{job_id}")

    for area in ("uploads", "outputs"):
        kept = [folder.job_id for folder in storage_world.services.storage.prefixes(area)]
        assert job_id not in kept


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

    assert [job["id"] for job in (world.alice.get("/api/jobs").json or {})["jobs"]] == [second]
    assert len(world.left_files()) == 4, "the uploads, the video and the poster of the second"


def test_a_webhook_that_is_due_outlives_its_job(world: World) -> None:
    job_id = world.alice.submitted(webhookUrl="https://example.com/hook")
    world.complete(job_id)

    world.alice.delete(f"/api/jobs/{job_id}")

    assert world.count("deliveries") == 1
