"""A machine, or what it stands on, that is ill for a while: jobs wait for it, and none fails for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.faults.conftest import StartService, paused_by
from tests.faults.test_lost_workers import retries_of
from tests.support.broken_tools import dead_ffmpeg, mend
from tests.support.servers import S3, s3
from tests.support.service import Service, User, wait_until

#: One begins at once and the others wait.
JOBS = 3


@pytest.fixture
def store() -> Iterator[S3]:
    with s3() as server:
        yield server


def test_with_the_store_away_jobs_wait_and_none_fails(
    start_service: StartService, store: S3, long_voice: bytes
) -> None:
    service = start_service(**store.environment, RENDER_WORKERS="1")
    people = [service.user(name) for name in ("alice", "bob", "carol")]
    jobs = [person.submitted(audio=long_voice) for person in people]
    people[0].wait_for(jobs[0], "PROCESSING")

    store.kill()
    wait_until(lambda: paused_by(service) == "storage")
    wait_until(lambda: "storage" in failing_parts(service))
    store.start()

    assert_all_are_made(people, jobs)


def test_with_ffmpeg_dead_jobs_wait_and_none_fails(start_service: StartService, tmp_path: Path) -> None:
    ffmpeg = dead_ffmpeg(tmp_path)
    service = start_service(IMAGEIO_FFMPEG_EXE=str(ffmpeg), RENDER_WORKERS="1")
    people = [service.user(name) for name in ("alice", "bob", "carol")]
    jobs = [person.submitted() for person in people]

    wait_until(lambda: paused_by(service) == "ffmpeg")
    wait_until(lambda: "workers" in failing_parts(service))
    mend(ffmpeg)

    assert_all_are_made(people, jobs)
    wait_until(lambda: paused_by(service) is None)


def assert_all_are_made(people: list[User], jobs: list[str]) -> None:
    for person, job_id in zip(people, jobs, strict=True):
        person.wait_for(job_id, "COMPLETED", seconds=180)
        assert retries_of(person, job_id) == 0


def failing_parts(service: Service) -> list[str]:
    return list(httpx.get(f"{service.address}/ready", timeout=10).json().get("problems", ()))
