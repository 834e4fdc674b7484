"""The operator's page, what it asks, and the second chance for a job that failed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlmodel import select
from werkzeug.test import TestResponse

from app.database.models import RenderLog
from app.jobs import render_logs
from app.webhooks import deliveries
from app.webhooks.retry_policy import DeliveryAttempt
from tests.support.rows import DELIVERED, GIVEN_UP, UNANSWERED, change, change_delivery, due, job_row
from tests.support.world import Person, World
from tests.web.views.conftest import MakeWorld

OVERVIEW = "/api/operator/overview"
HOUR_MS = 3_600_000


def overview(admin: Person) -> dict[str, Any]:
    answer = admin.get(OVERVIEW)
    assert answer.status_code == 200, answer.text
    return dict(answer.json or {})


def retry(person: Person, job_id: str) -> TestResponse:
    return person.post(f"/api/operator/jobs/{job_id}/retry")


def refusal(answer: TestResponse) -> tuple[int, str]:
    return answer.status_code, (answer.json or {})["code"]


def failed(world: World, person: Person, **fields: str) -> str:
    job_id = person.submitted(**fields)
    world.fail(job_id)
    return job_id


def test_only_an_admin_may_look_and_try_again(world: World) -> None:
    job_id = failed(world, world.alice)

    assert refusal(world.alice.get(OVERVIEW)) == (403, "admin_required")
    assert refusal(retry(world.alice, job_id)) == (403, "admin_required")
    assert world.app.test_client().get(OVERVIEW).status_code == 401


def test_the_page_itself_says_nothing_and_asks_for_the_key(world: World) -> None:
    answer = world.app.test_client().get("/operator")

    assert answer.status_code == 200
    assert 'id="key-form"' in answer.text
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


def test_an_empty_service_has_nothing_to_show(world: World) -> None:
    shown = overview(world.admin("root"))

    assert (shown["active"], shown["workers"], shown["failures"]) == ([], [], [])


def test_the_queue_is_shown_as_the_rows_are(database_world: World) -> None:
    world = database_world
    waiting, held = world.alice.submitted(), world.bob.submitted()
    world.claim(held)

    shown = overview(world.admin("root"))

    assert [(job["jobId"], job["status"], job["attempts"]) for job in shown["active"]] == [
        (waiting, "PENDING", 0),
        (held, "PROCESSING", 1),
    ]
    assert shown["queue"]["pending"] == 1
    assert 0 < shown["active"][1]["leaseSeconds"] <= 15


def test_a_failure_is_shown_with_its_sentence_and_the_end_of_its_log(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice)
    render_logs.keep(world.services.database, job_id, ["an earlier attempt"])
    render_logs.keep(world.services.database, job_id, ["one", "two"])

    (failure,) = overview(world.admin("root"))["failures"]

    assert failure["jobId"] == job_id
    assert failure["errorMessage"] == "The audio file holds no sound."
    assert (failure["log"], failure["attempts"], failure["retryable"]) == ("one\ntwo", 1, True)


def test_the_log_goes_with_its_job(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice)
    render_logs.keep(world.services.database, job_id, ["one"])

    world.alice.delete(f"/api/jobs/{job_id}?permanent=true")
    render_logs.keep(world.services.database, job_id, ["too late"])

    with world.services.database.reading() as session:
        assert session.exec(select(RenderLog)).all() == []


def test_a_failed_job_is_tried_again_with_all_its_attempts(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice)

    answer = retry(world.admin("root"), job_id)

    job = job_row(world.services.database, job_id)
    assert (answer.status_code, answer.json) == (200, {"success": True, "message": "Job queued again"})
    assert (job.status, job.attempts, job.error_message, job.generation) == ("PENDING", 0, None, 1)
    assert job.rung_at_ms is not None
    assert world.claim(job_id, generation=1).job.attempts == 1


@pytest.mark.parametrize("came_to", [DELIVERED, GIVEN_UP])
def test_its_new_end_is_told_after_the_old_one(database_world: World, came_to: DeliveryAttempt) -> None:
    world, database = database_world, database_world.services.database
    job_id = failed(world, world.alice, webhookUrl="https://hook.test/")
    retry(world.admin("root"), job_id)
    world.complete(job_id, generation=1)

    (old,) = due(database)
    assert (old.event, json.loads(old.body)["status"]) == ("job.failed", "FAILED")
    assert deliveries.record(database, old, UNANSWERED)
    assert due(database) == [], "the old one is to be tried again in five minutes"

    change_delivery(database, old.id, due_at_ms=0)
    (old,) = due(database)
    assert deliveries.record(database, old, came_to)
    (new,) = due(database)
    assert (new.event, json.loads(new.body)["status"]) == ("job.completed", "COMPLETED")


def test_both_ends_are_on_record_the_last_one_first(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice, webhookUrl="https://hook.test/")
    retry(world.admin("root"), job_id)
    world.complete(job_id, generation=1)

    found = (world.alice.get(f"/api/jobs/{job_id}/deliveries").json or {})["deliveries"]

    assert [each["event"] for each in found] == ["job.completed", "job.failed"]
    assert found[0]["id"] != found[1]["id"]


def test_other_jobs_webhooks_wait_for_nobody(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice, webhookUrl="https://hook.test/")
    retry(world.admin("root"), job_id)
    world.complete(job_id, generation=1)
    failed(world, world.bob, webhookUrl="https://hook.test/")

    assert [each.event for each in due(world.services.database)] == ["job.failed", "job.failed"]


def test_what_has_not_failed_is_not_tried_again(world: World) -> None:
    root, job_id = world.admin("root"), world.alice.submitted()

    assert refusal(retry(root, job_id)) == (409, "not_failed")
    assert refusal(retry(root, "a" * 24)) == (404, "job_not_found")
    assert refusal(retry(root, "no-id")) == (404, "job_not_found")


def test_a_key_has_no_more_jobs_by_it_than_it_may(database_world: World) -> None:
    world = database_world
    job_id = failed(world, world.alice)
    world.alice.submitted()

    assert refusal(retry(world.admin("root"), job_id)) == (409, "active_job_exists")
    assert world.alice.status(job_id)["status"] == "FAILED"


def test_without_its_uploads_a_job_is_not_tried_again(world: World) -> None:
    job_id = failed(world, world.alice)
    world.services.storage.delete(f"uploads/{job_id}/audio")

    assert refusal(retry(world.admin("root"), job_id)) == (409, "uploads_gone")
    assert world.alice.status(job_id)["status"] == "FAILED"


@pytest.mark.parametrize(("hours", "is_retryable"), [(3, True), (1, False), (0, False)])
def test_it_is_offered_as_long_as_uploads_are_kept(
    make_world: MakeWorld, hours: int, is_retryable: bool
) -> None:
    world = make_world(keep_failed_uploads_hours=hours)
    job_id = failed(world, world.alice)
    failed_at_ms = job_row(world.services.database, job_id).updated_at_ms
    change(world.services.database, job_id, updated_at_ms=failed_at_ms - 2 * HOUR_MS)

    (failure,) = overview(world.admin("root"))["failures"]

    assert failure["retryable"] is is_retryable
