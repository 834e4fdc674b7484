"""GET /api/jobs/<jobId>/events on a real gunicorn: whoever follows a job costs no thread."""

from __future__ import annotations

import pytest

from app.domain.states import Phase
from app.jobs import leases
from app.jobs.leases import Beat
from app.keys import api_keys
from tests.support.world import Person
from tests.web.live.clients import Web, many

#: More than the worker has threads.
CROWD = 20
#: What the issue asks for.
MULTITUDE = 500


@pytest.fixture
def job_id(person: Person) -> str:
    return person.submitted()


def test_a_stream_tells_every_change_and_ends_with_the_job(
    shared_web: Web, person: Person, job_id: str
) -> None:
    world = shared_web.world
    with shared_web.follow(person, job_id) as line:
        line.until('"status":"PENDING"')
        lease = world.claim(job_id)
        line.until('"status":"PROCESSING"')
        leases.beat(world.services.database, lease, Beat(Phase.VIDEO, 42, 7), lease_seconds=15)
        line.until('"progress":42')
        leases.fail(world.services.database, lease, "The audio file holds no sound.", world.services.links)
        line.to_the_end()

    assert [event.name for event in line.events] == ["status", "status", "status", "failed"]
    assert len({event.id for event in line.events}) == 4
    assert line.events[-1].data == person.status(job_id)


def test_a_proxy_is_told_to_keep_nothing_back(shared_web: Web, person: Person, job_id: str) -> None:
    with shared_web.follow(person, job_id) as line:
        assert line.status == 200
        assert "\r\ncontent-type: text/event-stream\r\n" in line.headers
        assert "\r\ncache-control: no-cache\r\n" in line.headers
        assert "\r\nx-accel-buffering: no\r\n" in line.headers
        assert "\r\nratelimit-remaining:" in line.headers
        assert line.headers.count("\r\ndate:") == 1
        assert line.until("data:").partition("\r\n\r\n")[2].startswith("retry: 2000\n")


def test_a_client_that_comes_again_hears_only_what_it_does_not_know(
    shared_web: Web, person: Person, job_id: str
) -> None:
    with shared_web.follow(person, job_id) as line:
        line.until('"status":"PENDING"')
    with shared_web.follow(person, job_id, last_event_id=line.events[0].id) as again:
        again.until(": still here")
        person.post(f"/api/jobs/{job_id}/cancel")
        again.to_the_end()

    assert [event.name for event in again.events] == ["cancelled"]


def test_silence_is_broken_by_comments(shared_web: Web, person: Person, job_id: str) -> None:
    with shared_web.follow(person, job_id) as line:
        line.until(": still here\n\n: still here\n\n")

    assert len(line.events) == 1


def test_a_deleted_job_is_the_end(shared_web: Web, person: Person, job_id: str) -> None:
    with shared_web.follow(person, job_id) as line:
        line.until('"status":"PENDING"')
        person.delete(f"/api/jobs/{job_id}")
        person.delete(f"/api/jobs/{job_id}")
        line.to_the_end()

    # Whether the look came between the two is a matter of moments.
    assert line.events[-1].name in {"cancelled", "deleted"}


def test_a_revoked_key_hears_no_more(shared_web: Web, person: Person, job_id: str) -> None:
    with shared_web.follow(person, job_id) as line:
        line.until('"status":"PENDING"')
        api_keys.revoke(shared_web.world.services.database, person.key.id)
        line.to_the_end()
    with shared_web.follow(person, job_id) as again:
        assert again.status == 401


def test_more_streams_than_threads_hold_nobody_up(shared_web: Web, person: Person, job_id: str) -> None:
    with many(CROWD, shared_web, person, job_id) as lines:
        for line in lines:
            line.until('"status":"PENDING"')
        with shared_web.ask(person, f"/api/status/{job_id}") as other:
            assert other.status == 200
        person.post(f"/api/jobs/{job_id}/cancel")
        for line in lines:
            line.to_the_end()

    assert {line.events[-1].name for line in lines} == {"cancelled"}


def test_five_hundred_are_held_while_the_process_answers(
    shared_web: Web, person: Person, job_id: str
) -> None:
    with many(MULTITUDE, shared_web, person, job_id) as lines:
        for line in lines:
            line.until('"status":"PENDING"')
        shared_web.server.health()
        for line in lines:
            line.until(": still here")
        person.post(f"/api/jobs/{job_id}/cancel")
        for line in lines:
            line.to_the_end()

    assert {line.events[-1].name for line in lines} == {"cancelled"}
