"""`Prefer: wait=N` on a real gunicorn: whoever waits costs no thread."""

from __future__ import annotations

from contextlib import ExitStack

from tests.support.service import wait_until
from tests.support.world import Person
from tests.web.live.clients import Web

WAIT = "Prefer: wait=30"
#: More than the worker has threads.
CROWD = 8


def only_job_of(person: Person) -> str | None:
    jobs = (person.get("/api/jobs").json or {})["jobs"]
    return jobs[0]["id"] if jobs else None


def test_a_status_comes_when_the_job_has_ended(shared_web: Web, person: Person) -> None:
    job_id = person.submitted()
    with ExitStack() as crowd:
        lines = [
            crowd.enter_context(shared_web.ask(person, f"/api/status/{job_id}", WAIT)) for _ in range(CROWD)
        ]
        with shared_web.ask(person, f"/api/status/{job_id}", "Connection: close") as other:
            assert other.body["status"] == "PENDING"
        shared_web.world.fail(job_id)

        for line in lines:
            assert line.body == person.status(job_id)
            assert "\r\npreference-applied: wait=30\r\n" in line.headers
            assert "\r\netag: " in line.headers
            assert "\r\nretry-after: " not in line.headers


def test_a_status_comes_when_time_is_up(shared_web: Web, person: Person) -> None:
    job_id = person.submitted()
    with shared_web.ask(person, f"/api/status/{job_id}", "Prefer: wait=1") as line:
        assert line.body == person.status(job_id)
        assert "\r\npreference-applied: wait=1\r\n" in line.headers
        assert "\r\nretry-after: 2\r\n" in line.headers


def test_a_status_that_is_known_already_comes_without_a_body(shared_web: Web, person: Person) -> None:
    job_id = person.submitted()
    known = person.get(f"/api/status/{job_id}").headers["ETag"]
    with shared_web.ask(person, f"/api/status/{job_id}", "Prefer: wait=1", f"If-None-Match: {known}") as line:
        assert line.to_the_end().partition("\r\n\r\n")[2] == ""
        assert line.status == 304


def test_a_submission_is_answered_when_its_job_has_ended(shared_web: Web, person: Person) -> None:
    with shared_web.submit(person, WAIT) as line:
        job_id = wait_until(lambda: only_job_of(person))
        shared_web.world.fail(job_id)

        assert line.body == {"message": "Job created", "jobId": job_id, "job": person.status(job_id)}
        assert line.status == 201
        assert f"\r\nlocation: /api/status/{job_id}\r\n" in line.headers


def test_a_client_that_does_not_wait_for_the_answer_has_its_job(shared_web: Web, person: Person) -> None:
    with shared_web.submit(person, WAIT):
        job_id = wait_until(lambda: only_job_of(person))

    shared_web.world.fail(job_id)

    assert person.status(job_id)["status"] == "FAILED"
