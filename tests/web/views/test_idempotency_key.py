"""POST /api/jobs with an Idempotency-Key: the same submission again gets its first answer."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.rows import let_a_day_pass
from tests.support.world import World, png, wav
from tests.web.upload.bodies import CONTENT_TYPE, closed, part, text
from tests.web.views.submissions import HOOK, PDF, file, is_untouched, refused

ONCE = "8e03978e-40d5-43dd-bc93-6894a57f9324"
OTHERS: dict[str, dict[str, Any]] = {
    "image": {"image": lambda: file(png(64, 64))},
    "audio": {"audio": lambda: file(wav(8820))},
    "motion": {"motion": lambda: "still"},
    "webhookUrl": {"webhookUrl": lambda: HOOK},
}


def job_of(answer: TestResponse) -> str:
    assert answer.status_code == 201, answer.text
    return str((answer.json or {})["jobId"])


def is_replay(answer: TestResponse, first: TestResponse) -> bool:
    same = (first.status_code, first.data, first.headers["Location"])
    return (answer.status_code, answer.data, answer.headers["Location"]) == same and answer.headers.get(
        "Idempotency-Replayed"
    ) == "true"


def test_the_same_again_gets_the_first_answer_while_the_job_is_active(database_world: World) -> None:
    first = database_world.alice.submit(ONCE)
    again = database_world.alice.submit(ONCE)

    assert "Idempotency-Replayed" not in first.headers
    assert is_replay(again, first)
    assert (database_world.count("jobs"), len(database_world.left_files())) == (1, 2)
    assert database_world.services.job_queue.waiting() == frozenset({f"{job_of(first)}-0"})


@pytest.mark.parametrize("end", [World.fail, World.complete])
def test_the_same_again_gets_the_first_answer_when_the_job_has_ended(world: World, end: Any) -> None:
    first = world.alice.submit(ONCE)
    end(world, job_of(first))

    assert is_replay(world.alice.submit(ONCE), first)
    assert world.count("jobs") == 1


@pytest.mark.parametrize(("query", "rows"), [("", 1), ("?permanent=true", 0)])
def test_the_same_again_gets_the_first_answer_when_the_job_is_gone(
    database_world: World, query: str, rows: int
) -> None:
    first = database_world.alice.submit(ONCE)
    database_world.fail(job_of(first))
    database_world.alice.delete(f"/api/jobs/{job_of(first)}{query}")
    kept = database_world.left_files()

    assert is_replay(database_world.alice.submit(ONCE), first)
    assert (database_world.count("jobs"), database_world.left_files()) == (rows, kept)


def test_boundaries_order_and_file_names_are_no_part_of_a_submission(world: World) -> None:
    first = world.alice.submit(ONCE, motion="auto")
    body = closed(
        text("motion", "auto"),
        part("audio", wav()),
        text("webhookUrl", ""),
        part("image", png(), filename="you.jpg"),
    )

    assert is_replay(world.alice.post("/api/jobs", ONCE, data=body, content_type=CONTENT_TYPE), first)


@pytest.mark.parametrize("name", OTHERS)
def test_something_else_under_the_same_key_is_422_while_the_job_is_active(world: World, name: str) -> None:
    world.alice.submit(ONCE)

    answer = world.alice.submit(ONCE, **{name: make() for name, make in OTHERS[name].items()})

    assert refused(answer, 422, "idempotency_key_reused")
    assert (world.count("jobs"), len(world.left_files())) == (1, 2)


def test_something_else_under_the_same_key_is_422_when_the_job_has_ended(database_world: World) -> None:
    database_world.fail(job_of(database_world.alice.submit(ONCE)))

    answer = database_world.alice.submit(ONCE, motion="still")

    assert refused(answer, 422, "idempotency_key_reused")
    assert database_world.count("jobs") == 1


def test_a_new_key_with_an_active_job_is_409_before_the_body_is_read(world: World) -> None:
    job_id = job_of(world.alice.submit(ONCE))
    body = io.BytesIO(b"never read")

    answer = world.alice.post("/api/jobs", "another", input_stream=body, content_type=CONTENT_TYPE)

    assert refused(answer, 409, "active_job_exists", jobId=job_id)
    assert body.tell() == 0


def test_a_submission_that_was_refused_leaves_its_key_free(world: World) -> None:
    assert refused(world.alice.submit(ONCE, audio=file(PDF)), 415, "unsupported_media_type", part="audio")
    assert (is_untouched(world), world.count("idempotency_keys")) == (True, 0)

    first = world.alice.submit(ONCE)

    assert is_replay(world.alice.submit(ONCE), first)


def test_a_submission_without_a_key_is_never_a_replay(world: World) -> None:
    first = job_of(world.alice.submit())
    world.fail(first)

    assert job_of(world.alice.submit()) != first
    assert world.count("idempotency_keys") == 0


def test_two_people_may_use_the_same_key(database_world: World) -> None:
    hers, his = database_world.alice.submit(ONCE), database_world.bob.submit(ONCE, motion="still")

    assert job_of(hers) != job_of(his)
    assert is_replay(database_world.alice.submit(ONCE), hers)
    assert is_replay(database_world.bob.submit(ONCE, motion="still"), his)


def test_after_a_day_the_key_is_free_although_nobody_has_swept(database_world: World) -> None:
    old = job_of(database_world.alice.submit(ONCE))
    let_a_day_pass(database_world.services.database)
    assert refused(database_world.alice.submit(ONCE), 409, "active_job_exists", jobId=old)
    database_world.fail(old)

    new = database_world.alice.submit(ONCE, motion="still")

    assert job_of(new) != old
    assert is_replay(database_world.alice.submit(ONCE, motion="still"), new)
    assert database_world.count("idempotency_keys") == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "schlüssel", "a\tb", "a\x7f"], ids=range(5))
def test_a_key_that_can_t_be_one_is_refused_before_the_body_is_read(world: World, key: str) -> None:
    body = io.BytesIO(b"never read")

    answer = world.alice.post("/api/jobs", key, input_stream=body, content_type=CONTENT_TYPE)

    assert refused(answer, 400, "invalid_parameter", parameter="Idempotency-Key")
    assert body.tell() == 0


@pytest.mark.parametrize("key", ["x", "~" * 255, '"in quotes, with spaces"'])
def test_a_key_is_any_printable_text(world: World, key: str) -> None:
    first = world.alice.submit(key)

    assert is_replay(world.alice.submit(key), first)


def test_a_wrong_api_key_is_401_whatever_the_idempotency_key(world: World) -> None:
    headers = {"X-API-Key": "tr_unknown", "Idempotency-Key": ""}

    assert refused(world.alice.client.post("/api/jobs", headers=headers), 401, "invalid_api_key")


def test_a_repeated_part_is_refused_with_a_key_too(world: World) -> None:
    answer = world.alice.submit(ONCE, image=[file(png()), file(png())])

    assert refused(answer, 400, "repeated_part", part="image")
    assert is_untouched(world)
