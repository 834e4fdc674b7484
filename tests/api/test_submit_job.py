"""POST /api/jobs"""

from __future__ import annotations

import io
import re

from tests.world import World


def test_a_submission_is_created_and_located(world: World) -> None:
    answer = world.alice.submit()

    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json == {"message": "Job created", "jobId": answer.json["jobId"]}
    assert re.fullmatch(r"[a-z][a-z0-9]{23}", answer.json["jobId"])
    assert answer.headers["Location"] == f"/api/status/{answer.json['jobId']}"


def test_a_second_submission_names_the_active_job(world: World) -> None:
    job_id = world.alice.submitted()

    answer = world.alice.submit()

    assert answer.status_code == 409
    assert answer.json == {
        "error": "You already have an active job",
        "code": "active_job_exists",
        "jobId": job_id,
    }
    assert world.count("jobs") == 1


def test_another_person_is_not_held_up(world: World) -> None:
    world.alice.submitted()

    assert world.bob.submit().status_code == 201


def test_a_new_submission_is_taken_once_the_last_one_ended(world: World) -> None:
    world.fail(world.alice.submitted())

    assert world.alice.submit().status_code == 201


def test_an_active_job_is_refused_before_the_body_is_read(world: World) -> None:
    world.alice.submitted()
    body = io.BytesIO(b"never read")

    answer = world.alice.post("/api/jobs", input_stream=body, content_type="multipart/form-data; boundary=x")

    assert answer.status_code == 409
    assert body.tell() == 0
