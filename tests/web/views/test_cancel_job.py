"""POST /api/jobs/<jobId>/cancel"""

from __future__ import annotations

import pytest

from app.jobs import leases, lost_leases
from tests.support.world import World

NOT_CANCELLABLE = {"error": "Only a job that is still pending can be cancelled.", "code": "not_cancellable"}


def test_a_pending_job_is_cancelled(database_world: World) -> None:
    alice = database_world.alice
    job_id = alice.submitted()

    answer = alice.post(f"/api/jobs/{job_id}/cancel")

    assert answer.status_code == 200
    assert answer.json == {"success": True, "message": "Job cancelled successfully"}
    assert alice.status(job_id)["status"] == "CANCELLED"


def test_a_cancelled_job_stays_listed_and_its_uploads_go(world: World) -> None:
    job_id = world.alice.submitted()

    world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert world.count("jobs") == 1
    assert world.left_files() == []


def test_a_cancelled_job_makes_room_for_the_next(world: World) -> None:
    world.alice.post(f"/api/jobs/{world.alice.submitted()}/cancel")

    assert world.alice.submit().status_code == 201


def test_no_worker_takes_a_cancelled_job(world: World) -> None:
    job_id = world.alice.submitted()

    world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert leases.claim(world.services.database, job_id, 0, lease_seconds=15) is None


def test_a_job_at_work_is_not_cancellable(database_world: World) -> None:
    job_id = database_world.alice.submitted()
    database_world.claim(job_id)

    answer = database_world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert (answer.status_code, answer.json) == (409, NOT_CANCELLABLE)
    assert database_world.alice.status(job_id)["status"] == "PROCESSING"


@pytest.mark.parametrize("end", ["complete", "fail", "cancel"])
def test_an_ended_job_is_not_cancellable(world: World, end: str) -> None:
    job_id = world.alice.submitted()
    if end == "cancel":
        world.alice.post(f"/api/jobs/{job_id}/cancel")
    else:
        getattr(world, end)(job_id)
    before = world.alice.status(job_id)

    answer = world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert (answer.status_code, answer.json) == (409, NOT_CANCELLABLE)
    assert world.alice.status(job_id) == before


def test_a_job_that_lost_its_worker_is_cancellable_again(world: World) -> None:
    job_id = world.alice.submitted()
    lost_leases.lose(world.services.database, world.claim(job_id), world.services.links, max_attempts=3)

    assert world.alice.post(f"/api/jobs/{job_id}/cancel").status_code == 200


def test_a_cancelled_job_has_no_webhook(world: World) -> None:
    job_id = world.alice.submitted(webhookUrl="https://example.com/hook")

    world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert world.count("deliveries") == 0
