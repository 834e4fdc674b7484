"""GET /api/status/<jobId>"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest

from app.domain.states import MotionMade, Phase
from app.domain.video_facts import VideoFacts
from app.domain.warnings import Notice
from app.jobs import leases, lost_leases, queries
from app.jobs.leases import Beat, Outcome
from app.keys import api_keys
from tests.support.world import World

FIELDS = {
    "jobId",
    "status",
    "progress",
    "outputVideo",
    "outputShareLink",
    "errorMessage",
    "createdAt",
    "updatedAt",
    "motion",
    "warnings",
    "phase",
    "etaSeconds",
    "durationSeconds",
    "width",
    "height",
    "loudness",
    "loudnessBefore",
}
UNKNOWN_YET: dict[str, Any] = {
    "outputVideo": None,
    "outputShareLink": None,
    "errorMessage": None,
    "motion": None,
    "warnings": [],
    "etaSeconds": None,
    "durationSeconds": None,
    "width": None,
    "height": None,
    "loudness": None,
    "loudnessBefore": None,
}


def shows(status: dict[str, Any], /, **known: Any) -> bool:
    """Whether it has every field, `known` as given and the others as long as there is nothing to tell."""
    return status.keys() == FIELDS and {**status, **UNKNOWN_YET, **known} == status


def test_a_pending_job_has_no_progress_and_nothing_to_show(world: World) -> None:
    job_id = world.alice.submitted()

    status = world.alice.status(job_id)

    assert shows(status, jobId=job_id, status="PENDING", progress=0, phase="queued")


def test_a_job_at_work_tells_how_far_it_is(world: World) -> None:
    job_id = world.alice.submitted()
    lease = world.claim(job_id)
    leases.beat(world.services.database, lease, Beat(Phase.VIDEO, 42, 7), lease_seconds=15)

    status = world.alice.status(job_id)

    assert shows(status, status="PROCESSING", progress=42, phase="video", etaSeconds=7)


def test_a_completed_job_shows_its_video_and_what_was_made(world: World) -> None:
    job_id = world.alice.submitted()
    notice = Notice("no_face", "No face was found; the picture stands still.")
    measured = {"loudness": -16.1, "loudness_before": -31.4}
    outcome = Outcome(
        VideoFacts(MotionMade.STILL, [notice], duration_seconds=2.5, width=640, height=480, **measured),
        video_bytes=7,
    )
    leases.complete(world.services.database, world.claim(job_id), outcome, world.services.links)

    status = world.alice.status(job_id)

    assert status.keys() == FIELDS
    known = {
        "status": "COMPLETED",
        "progress": 100,
        "phase": "done",
        "etaSeconds": None,
        "errorMessage": None,
        "motion": "still",
        "warnings": [{"code": "no_face", "message": "No face was found; the picture stands still."}],
        "durationSeconds": 2.5,
        "width": 640,
        "height": 480,
        "loudness": -16.1,
        "loudnessBefore": -31.4,
    }
    assert status.items() >= known.items()
    assert status["outputVideo"].startswith(f"https://talkreel.test/videos/{job_id}.mp4?")
    assert re.fullmatch(r"https://talkreel\.test/share/[a-z][a-z0-9]{23}", status["outputShareLink"])


def test_a_failed_job_says_why(world: World) -> None:
    job_id = world.alice.submitted()
    world.fail(job_id, "The audio file holds no sound.")

    status = world.alice.status(job_id)

    assert shows(status, status="FAILED", errorMessage="The audio file holds no sound.", phase="done")


def test_a_cancelled_job_has_nothing_to_show(world: World) -> None:
    job_id = world.alice.submitted()
    world.alice.post(f"/api/jobs/{job_id}/cancel")

    status = world.alice.status(job_id)

    assert shows(status, status="CANCELLED", progress=0, phase="done")


def test_a_job_whose_worker_was_lost_is_pending_again_with_one_more_retry(world: World) -> None:
    job_id = world.alice.submitted()
    lease = world.claim(job_id)
    leases.beat(world.services.database, lease, Beat(Phase.VIDEO, 42, 7), lease_seconds=15)
    lost_leases.lose(world.services.database, lease, world.services.links, max_attempts=3)

    listed = (world.alice.get("/api/jobs").json or {})["jobs"]

    assert shows(world.alice.status(job_id), status="PENDING", progress=0, phase="queued")
    assert [(job["id"], job["retries"]) for job in listed] == [(job_id, 1)]


def test_times_are_utc_with_milliseconds(world: World) -> None:
    before = time.time()
    job_id = world.alice.submitted()
    world.complete(job_id)

    status = world.alice.status(job_id)

    for text in (status["createdAt"], status["updatedAt"]):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
        moment = datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
        assert before - 1 <= moment.timestamp() <= time.time() + 1
    assert status["createdAt"] <= status["updatedAt"]


def test_the_client_is_told_when_to_ask_again_only_while_there_is_something_to_wait_for(world: World) -> None:
    job_id = world.alice.submitted()
    assert int(world.alice.get(f"/api/status/{job_id}").headers["Retry-After"]) > 0
    lease = world.claim(job_id)
    assert int(world.alice.get(f"/api/status/{job_id}").headers["Retry-After"]) > 0

    leases.fail(world.services.database, lease, "It failed.", world.services.links)

    assert "Retry-After" not in world.alice.get(f"/api/status/{job_id}").headers


@pytest.mark.parametrize("end", ["complete", "cancel"])
def test_no_other_ended_job_is_waited_for(world: World, end: str) -> None:
    job_id = world.alice.submitted()
    if end == "complete":
        world.complete(job_id)
    else:
        world.alice.post(f"/api/jobs/{job_id}/cancel")

    assert "Retry-After" not in world.alice.get(f"/api/status/{job_id}").headers


def test_a_sentence_in_any_language_is_utf_8(world: World) -> None:
    job_id = world.alice.submitted()
    world.fail(job_id, "Zu groß: 画像")

    answer = world.alice.get(f"/api/status/{job_id}")

    assert answer.content_type == "application/json"
    assert "Zu groß: 画像".encode() in answer.data


def test_a_polled_answer_stays_the_same(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)
    start_of_an_hour = 3600 * 500_000

    answers = set()
    for second in (0, 1, 3599):
        monkeypatch.setattr("app.core.clock.now_seconds", lambda second=second: start_of_an_hour + second)
        answers.add(world.alice.get(f"/api/status/{job_id}").data)

    assert len(answers) == 1


def test_a_polled_answer_that_is_known_costs_no_body(world: World) -> None:
    job_id = world.alice.submitted()
    path = f"/api/status/{job_id}"
    first = world.alice.get(path)
    known = {**world.alice.headers, "If-None-Match": first.headers["ETag"]}

    again = world.alice.client.get(path, headers=known)
    world.fail(job_id)
    changed = world.alice.client.get(path, headers=known)

    assert re.fullmatch(r'"[0-9a-f]{40}"', first.headers["ETag"])
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.data) == (304, b"")
    assert {name: again.headers[name] for name in ("ETag", "Retry-After", "Cache-Control")} == {
        name: first.headers[name] for name in ("ETag", "Retry-After", "Cache-Control")
    }
    assert (changed.status_code, changed.headers["ETag"] == first.headers["ETag"]) == (200, False)


def test_a_job_of_a_deactivated_key_still_ends(world: World) -> None:
    job_id = world.alice.submitted()
    api_keys.revoke(world.services.database, world.alice.key.id)

    world.complete(job_id)

    assert queries.completed(world.services.database, job_id) is not None
