"""POST /api/jobs/<jobId>/restore, and the list of what can be restored."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from werkzeug.test import TestResponse

from app.database.database import now_ms
from app.keys import api_keys
from tests.support.rows import change
from tests.support.statements import statements_of
from tests.support.world import Person, World
from tests.web.views.lists import add_ended, ids_on, page
from tests.web.views.test_list_pages import explain


def deleted(world: World, person: Person) -> dict[str, Any]:
    """The status object of a completed job that is deleted now."""
    job_id = person.submitted(webhookUrl="https://example.com/hook")
    world.complete(job_id, b"a video")
    status = person.status(job_id)
    assert person.delete(f"/api/jobs/{job_id}").status_code == 200
    return status


def restore(person: Person, job_id: str) -> TestResponse:
    return person.post(f"/api/jobs/{job_id}/restore")


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {})["code"]


def opened(world: World, status: dict[str, Any]) -> list[int]:
    """What the job's links answer to anybody: the video, the share page, the poster."""
    links = status["outputVideo"], status["outputShareLink"], f"{status['outputShareLink']}/poster.jpg"
    answers = []
    for link in links:
        with world.app.test_client().get(link) as answer:
            answers.append(answer.status_code)
    return answers


def test_a_deleted_job_comes_back_with_all_that_was_its_own(database_world: World) -> None:
    world, alice = database_world, database_world.alice
    status = deleted(world, alice)
    assert opened(world, status) == [404, 404, 404]

    answer = restore(alice, status["jobId"])

    assert (answer.status_code, answer.json) == (
        200,
        {"success": True, "message": "Job restored successfully", "jobId": status["jobId"]},
    )
    assert alice.status(status["jobId"]) == status
    assert ids_on(page(alice)) == [status["jobId"]]
    assert ids_on(page(alice, deleted="true")) == []
    assert opened(world, status) == [200, 200, 200]
    assert len((alice.get(f"/api/jobs/{status['jobId']}/deliveries").json or {})["deliveries"]) == 1


def test_its_files_come_back_from_every_store(storage_world: World) -> None:
    status = deleted(storage_world, storage_world.alice)

    restore(storage_world.alice, status["jobId"])

    with storage_world.app.test_client().get(status["outputVideo"]) as answer:
        assert answer.data == b"a video"


def test_what_can_be_restored_is_listed(database_world: World) -> None:
    world, alice = database_world, database_world.alice
    status = deleted(world, alice)
    deleted(world, world.bob)

    (listed,) = page(alice, deleted="true")["jobs"]

    assert {**listed, "deletedAt": "", "restorableUntil": ""} == {
        "id": status["jobId"],
        "status": "COMPLETED",
        "outputVideo": None,
        "outputShareLink": None,
        "errorMessage": None,
        "retries": 0,
        "createdAt": status["createdAt"],
        "updatedAt": status["updatedAt"],
        "webhookUrl": "https://example.com/hook",
        "deletedAt": "",
        "restorableUntil": "",
    }
    assert listed["deletedAt"] < listed["restorableUntil"]
    assert ids_on(page(alice, deleted="true", status="FAILED")) == []
    assert ids_on(page(alice, deleted="false")) == []


def test_deleted_jobs_have_pages_too(database_world: World) -> None:
    world, alice = database_world, database_world.alice
    gone = add_ended(world, alice, *range(1000, 1007))
    add_ended(world, alice, *range(1000, 1007))
    for job_id in gone:
        change(world.services.database, job_id, deleted_at_ms=now_ms(), restorable_until_ms=now_ms() + 60_000)

    pages = [page(alice, deleted="true", limit=3)]
    while cursor := pages[-1]["pagination"]["nextCursor"]:
        pages.append(page(alice, deleted="true", limit=3, cursor=cursor))

    assert [job_id for each in pages for job_id in ids_on(each)] == gone[::-1]
    assert all(len(ids_on(earlier)) == 3 for earlier, _ in pairwise(pages))


def test_a_page_of_deleted_jobs_is_found_by_an_index(world: World) -> None:
    with statements_of(world.services.database) as statements:
        page(world.alice, deleted="true")

    plan = explain(world, next(each for each in statements if "LIMIT" in each))
    assert "USING INDEX ix_jobs_deleted (" in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize("word", ["", "True", "1", "all"])
def test_another_word_for_deleted_is_refused(world: World, word: str) -> None:
    assert refusal(world.alice.get(f"/api/jobs?deleted={word}")) == (400, "invalid_parameter")


def test_what_is_there_needs_no_restoring(world: World) -> None:
    job_id = world.alice.submitted()

    assert refusal(restore(world.alice, job_id)) == (409, "not_deleted")
    world.complete(job_id)
    assert refusal(restore(world.alice, job_id)) == (409, "not_deleted")


def test_nobody_restores_another_s_job(world: World) -> None:
    job_id = deleted(world, world.alice)["jobId"]

    for strange in (job_id, "c" * 24, "no-id"):
        assert refusal(restore(world.bob, strange)) == (404, "job_not_found")


def test_when_its_time_is_over_it_is_gone(database_world: World) -> None:
    world, alice = database_world, database_world.alice
    job_id = deleted(world, alice)["jobId"]
    change(world.services.database, job_id, restorable_until_ms=now_ms())

    assert refusal(restore(alice, job_id)) == (404, "job_not_found")
    assert ids_on(page(alice, deleted="true")) == []


def test_an_operator_neither_sees_nor_retries_what_is_deleted(world: World) -> None:
    root, job_id = world.admin("root"), world.alice.submitted()
    world.fail(job_id)
    world.alice.delete(f"/api/jobs/{job_id}")

    assert (root.get("/api/operator/overview").json or {})["failures"] == []
    assert refusal(root.post(f"/api/operator/jobs/{job_id}/retry")) == (404, "job_not_found")

    restore(world.alice, job_id)
    assert root.post(f"/api/operator/jobs/{job_id}/retry").status_code == 200


def test_a_deleted_job_takes_no_slot(world: World) -> None:
    deleted(world, world.alice)

    assert world.alice.submit().status_code == 201


def test_a_key_that_is_revoked_restores_nothing(world: World) -> None:
    job_id = deleted(world, world.alice)["jobId"]
    api_keys.revoke(world.services.database, world.alice.key.id)

    assert refusal(restore(world.alice, job_id)) == (401, "invalid_api_key")
