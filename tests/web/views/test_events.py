"""GET /api/jobs/<jobId>/events, under a server that can't park connections: this process."""

from __future__ import annotations

import pytest
from werkzeug.test import TestResponse

from app.core import ids
from app.jobs import queries, versions
from app.keys import api_keys
from app.web.views.events import HEARTBEAT, HEARTBEAT_SECONDS, EventSubscriber
from tests.support.world import World
from tests.web.live.clients import events_in
from tests.web.views.conftest import MakeWorld
from tests.web.views.submissions import refused


def follow(world: World, job_id: str, **headers: str) -> TestResponse:
    return world.alice.client.get(f"/api/jobs/{job_id}/events", headers={**world.alice.headers, **headers})


def mark_of(world: World, job_id: str) -> str:
    return versions.of(queries.get(world.services.database, job_id, owner=world.alice.key.id))


@pytest.mark.parametrize("end", ["completed", "failed", "cancelled"])
def test_a_stream_of_an_ended_job_is_its_end(world: World, end: str) -> None:
    job_id = world.alice.submitted()
    if end == "completed":
        world.complete(job_id)
    elif end == "failed":
        world.fail(job_id)
    else:
        world.alice.post(f"/api/jobs/{job_id}/cancel")

    answer = follow(world, job_id)

    status = world.alice.get(f"/api/status/{job_id}").text
    mark = mark_of(world, job_id)
    assert answer.content_type == "text/event-stream"
    assert answer.text == f"retry: 2000\n\nid: {mark}\nevent: {end}\ndata: {status}\n\n"


def test_an_end_is_told_even_to_who_knows_it(world: World) -> None:
    job_id = world.alice.submitted()
    world.fail(job_id)

    answer = follow(world, job_id, **{"Last-Event-ID": mark_of(world, job_id)})

    assert [event.name for event in events_in(answer.text)] == ["failed"]


def test_a_stream_begins_with_the_present_and_goes_on_to_the_end(world: World) -> None:
    job_id = world.alice.submitted()
    with follow(world, job_id, **{"Last-Event-ID": "long ago"}) as answer:
        pieces = answer.iter_encoded()
        first = next(pieces).decode()
        world.fail(job_id)
        last = b"".join(pieces).decode()

    assert [event.data["status"] for event in events_in(first)] == ["PENDING"]
    assert [event.name for event in events_in(last)] == ["failed"]


def test_who_is_up_to_date_is_told_nothing_again(world: World) -> None:
    job_id = world.alice.submitted()
    with follow(world, job_id, **{"Last-Event-ID": mark_of(world, job_id)}) as answer:
        assert next(answer.iter_encoded()) == b"retry: 2000\n\n"


def test_a_job_that_is_deleted_meanwhile_is_the_end(world: World) -> None:
    job_id = world.alice.submitted()
    with follow(world, job_id) as answer:
        pieces = answer.iter_encoded()
        next(pieces)
        world.alice.post(f"/api/jobs/{job_id}/cancel")
        world.alice.delete(f"/api/jobs/{job_id}")
        (last,) = events_in(b"".join(pieces).decode())

    assert (last.name, last.data) == ("deleted", {"jobId": job_id})


def test_a_revoked_key_is_sent_away(world: World) -> None:
    job_id = world.alice.submitted()
    with follow(world, job_id) as answer:
        pieces = answer.iter_encoded()
        next(pieces)
        api_keys.revoke(world.services.database, world.alice.key.id)

        assert events_in(b"".join(pieces).decode()) == []


def test_silence_is_broken_only_after_its_time(world: World) -> None:
    job = queries.get(world.services.database, world.alice.submitted(), owner=world.alice.key.id)
    follower = EventSubscriber(job, None, world.services.links, now_seconds=1000)

    assert follower.idle(1000 + HEARTBEAT_SECONDS - 1) is None
    word = follower.idle(1000 + HEARTBEAT_SECONDS)
    assert word
    assert (word.data, word.is_last) == (HEARTBEAT, False)
    assert follower.idle(1000 + HEARTBEAT_SECONDS + 1) is None


def test_head_tells_what_a_stream_would_be(world: World) -> None:
    job_id = world.alice.submitted()

    answer = world.alice.client.head(f"/api/jobs/{job_id}/events", headers=world.alice.headers)

    assert (answer.status_code, answer.content_type, answer.data) == (200, "text/event-stream", b"")


def test_a_job_of_somebody_else_can_t_be_followed(world: World) -> None:
    job_id = world.bob.submitted()

    for strange in (job_id, ids.new_id(), "..%00"):
        assert refused(follow(world, strange), 404, "job_not_found")


def test_a_key_has_so_many_places_and_another_has_its_own(make_world: MakeWorld) -> None:
    world = make_world(max_streams_per_key=1)
    job_id, other_id = world.alice.submitted(), world.bob.submitted()
    with follow(world, job_id):
        answer = follow(world, job_id)
        assert refused(answer, 503, "too_many_streams")
        assert int(answer.headers["Retry-After"]) > 0
        with world.bob.get(f"/api/jobs/{other_id}/events") as others:
            assert others.status_code == 200

    with follow(world, job_id) as again:
        assert again.status_code == 200


def test_a_process_has_so_many_places(make_world: MakeWorld) -> None:
    world = make_world(max_streams=1)
    job_id, other_id = world.alice.submitted(), world.bob.submitted()
    with follow(world, job_id):
        assert refused(world.bob.get(f"/api/jobs/{other_id}/events"), 503, "too_many_streams")


def test_a_place_is_free_again_when_its_answer_is_never_given(make_world: MakeWorld) -> None:
    world = make_world(max_streams=1)
    job_id = world.alice.submitted()
    follow(world, job_id)

    with follow(world, job_id) as again:
        assert again.status_code == 200
