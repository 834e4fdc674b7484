"""POST /api/jobs: what is taken."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.config.settings import Settings
from app.domain.options import RenderOptions
from app.jobs import queries
from tests.support.servers import Valkey
from tests.support.world import World, png, wav
from tests.web.upload.bodies import CONTENT_TYPE, closed, part, text
from tests.web.views.conftest import MakeWorld
from tests.web.views.submissions import HOOK, file, refused


def test_a_submission_is_created_and_located(database_world: World) -> None:
    answer = database_world.alice.submit()

    assert answer.status_code == 201
    assert answer.json is not None
    assert answer.json == {"message": "Job created", "jobId": answer.json["jobId"]}
    assert re.fullmatch(r"[a-z][a-z0-9]{23}", answer.json["jobId"])
    assert answer.headers["Location"] == f"/api/status/{answer.json['jobId']}"


def test_an_accepted_job_has_a_row_two_files_and_a_bell(world: World) -> None:
    job_id = world.alice.submitted()

    assert world.count("jobs") == 1
    assert sorted(path.relative_to(world.settings.data_dir).parts for path in world.left_files()) == [
        ("files", "uploads", job_id, "audio"),
        ("files", "uploads", job_id, "image"),
    ]
    assert world.services.job_queue.waiting() == frozenset({f"{job_id}-0"})


def test_a_second_submission_names_the_active_job(database_world: World) -> None:
    job_id = database_world.alice.submitted()

    answer = database_world.alice.submit()

    assert answer.status_code == 409
    assert answer.json == {
        "error": "You already have an active job",
        "code": "active_job_exists",
        "jobId": job_id,
    }
    assert database_world.count("jobs") == 1
    assert len(database_world.left_files()) == 2


def test_a_job_at_work_is_active_too(world: World) -> None:
    job_id = world.alice.submitted()
    world.claim(job_id)

    assert refused(world.alice.submit(), 409, "active_job_exists", jobId=job_id)


def test_another_person_is_not_held_up(world: World) -> None:
    world.alice.submitted()

    assert world.bob.submit().status_code == 201


@pytest.mark.parametrize("end", [World.fail, World.complete])
def test_a_new_submission_is_taken_once_the_last_one_ended(world: World, end: Any) -> None:
    end(world, world.alice.submitted())

    assert world.alice.submit().status_code == 201


def test_a_file_may_have_50_mib() -> None:
    assert Settings().max_file_bytes == 50 * 1024 * 1024


@pytest.mark.parametrize("declared", ["application/octet-stream", "application/pdf", "audio/wav", "x"])
def test_the_declared_type_and_name_are_not_believed(world: World, declared: str) -> None:
    answer = world.alice.submit(
        image=file(png(), "../../me.mp3", declared), audio=file(wav(), "/etc/passwd", declared)
    )

    assert answer.status_code == 201
    assert {path.name for path in world.left_files()} == {"image", "audio"}


@pytest.mark.parametrize("url", [HOOK, "https://example.com:8443/a?b=c", "https://münchen.example/"])
def test_a_good_webhook_url_is_kept_as_it_is(database_world: World, url: str) -> None:
    database_world.alice.submitted(webhookUrl=url)

    assert (database_world.alice.get("/api/jobs").json or {})["jobs"][0]["webhookUrl"] == url


def test_the_texts_may_be_left_out_or_empty(world: World) -> None:
    left_out = world.alice.submitted()
    texts = (text(name, "") for name in ("webhookUrl", "motion", "loudness"))
    body = closed(part("image", png()), part("audio", wav()), *texts)
    empty = world.bob.post("/api/jobs", data=body, content_type=CONTENT_TYPE)

    assert empty.status_code == 201
    for job_id in (left_out, (empty.json or {})["jobId"]):
        job = world.claim(job_id).job
        assert (job.webhook_url, queries.options_of(job)) == (None, RenderOptions())


@pytest.mark.parametrize("motion", ["auto", "talking", "still"])
def test_a_motion_is_one_of_three(world: World, motion: str) -> None:
    assert queries.options_of(world.claim(world.alice.submitted(motion=motion)).job).motion == motion


@pytest.mark.parametrize(
    ("text", "lufs"), [("-30", -30), ("-16", -16), ("-15.5", -15.5), ("-8.00", -8), ("-9.123456", -9.123456)]
)
def test_a_loudness_is_a_number_of_lufs(world: World, text: str, lufs: float) -> None:
    assert queries.options_of(world.claim(world.alice.submitted(loudness=text)).job).loudness == lufs


def test_a_refused_submission_is_no_active_job(world: World) -> None:
    world.alice.submit(audio=None)

    assert world.alice.submit().status_code == 201


def test_without_valkey_a_job_is_accepted_and_waits(make_world: MakeWorld, mortal_valkey: Valkey) -> None:
    world = make_world(redis_url=mortal_valkey.url)
    mortal_valkey.kill()

    answer = world.alice.submit()

    assert answer.status_code == 201
    assert world.alice.status((answer.json or {})["jobId"])["status"] == "PENDING"
