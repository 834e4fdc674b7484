"""A key that may have several active jobs."""

from __future__ import annotations

import io

from tests.support.world import World
from tests.web.upload.bodies import CONTENT_TYPE
from tests.web.views.submissions import refused


def test_one_job_more_than_it_may_is_refused_and_names_the_oldest(database_world: World) -> None:
    carol = database_world.person("carol", max_active_jobs=3)
    oldest, *_ = [carol.submitted() for _ in range(3)]

    answer = carol.submit()

    assert refused(answer, 409, "active_job_exists", jobId=oldest)
    assert (answer.json or {})["error"] == "You already have 3 active jobs"
    assert (database_world.count("jobs"), len(database_world.left_files())) == (3, 6)


def test_it_is_refused_before_the_body_is_read(world: World) -> None:
    carol = world.person("carol", max_active_jobs=2)
    for _ in range(2):
        carol.submitted()
    body = io.BytesIO(b"never read")

    assert carol.post("/api/jobs", input_stream=body, content_type=CONTENT_TYPE).status_code == 409
    assert body.tell() == 0


def test_whichever_job_ends_makes_room_for_one(database_world: World) -> None:
    carol = database_world.person("carol", max_active_jobs=3)
    _, middle, _ = [carol.submitted() for _ in range(3)]
    database_world.fail(middle)

    assert [carol.submit().status_code for _ in range(2)] == [201, 409]


def test_another_person_s_limit_is_another(world: World) -> None:
    carol = world.person("carol", max_active_jobs=2)
    carol.submitted()
    world.alice.submitted()

    assert (carol.submit().status_code, world.alice.submit().status_code) == (201, 409)
