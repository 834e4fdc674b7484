"""A still video over HTTP: from the POST to a service with nothing else to do, until it says COMPLETED."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measure import Tree, Usage
from bench.sources import Source
from tests.support.service import Service, User

NAME = "ours, end to end"

#: What the status is polled at: often enough to be exact, seldom enough to cost the service little.
POLL_SECONDS = 0.05
DEADLINE_SECONDS = 600


@contextmanager
def running(folder: Path) -> Iterator[tuple[Service, User]]:
    """A whole `talkreel up` in `folder`, warmed up by a small job, and someone with a key."""
    with Service(folder, LEASE_SECONDS="15") as service:
        user = service.user()
        user.wait_for(user.submitted(motion="still"))
        yield service, user


def run(service: Service, user: User, source: Source, path: Path) -> Usage:
    """Sends the source, and waits; what the service's processes use meanwhile. The video is fetched after."""
    with source.image.open("rb") as image, source.audio.open("rb") as audio:
        files = {"image": image, "audio": audio}
        with Tree(service.supervisor.pid) as tree:
            begun_at = time.monotonic()
            answer = user.http.post("/api/jobs", files=files, data={"motion": "still"}, timeout=60)
            video_url = _video_url(user, answer.raise_for_status().json()["jobId"])
            wall_seconds = time.monotonic() - begun_at
    _fetch(user, video_url, path)
    return Usage(wall_seconds, tree.cpu_seconds, tree.peak_bytes, 1.0, wall_seconds)


def _video_url(user: User, job_id: str) -> str:
    ends_at = time.monotonic() + DEADLINE_SECONDS
    while (status := user.status(job_id))["status"] != "COMPLETED":
        if status["status"] not in {"PENDING", "PROCESSING"} or time.monotonic() > ends_at:
            raise RuntimeError(f"The job is {status['status']}: {status['errorMessage']}")
        time.sleep(POLL_SECONDS)
    return str(status["outputVideo"])


def _fetch(user: User, video_url: str, path: Path) -> None:
    with user.http.stream("GET", video_url) as answer, path.open("wb") as file:
        for chunk in answer.raise_for_status().iter_bytes():
            file.write(chunk)
