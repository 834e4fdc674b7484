"""A worker that dies while a picture talks: the job begins anew, and nothing of the first attempt goes on."""

from __future__ import annotations

import psutil
import pytest

from tests.faults.conftest import StartService
from tests.faults.test_lost_workers import is_alive, retries_of
from tests.support.paths import PORTRAIT, VOICE
from tests.support.service import Service, wait_until


@pytest.mark.fault(3)
def test_a_horse_killed_in_mid_talk_takes_its_chunks_along_and_the_picture_talks_after_all(
    start_service: StartService,
) -> None:
    service = start_service(LEASE_SECONDS="60")
    alice = service.user("alice")
    job_id = alice.submitted(PORTRAIT.read_bytes(), VOICE.read_bytes(), motion="talking")
    chunk = drawing(service)
    horse = chunk.parent()
    assert horse is not None
    family = horse.children(recursive=True)

    horse.kill()

    wait_until(lambda: not any(is_alive(process) for process in family), seconds=2)
    status = alice.wait_for(job_id, "COMPLETED", seconds=120)
    assert (status["motion"], status["durationSeconds"]) == ("talking", 13.23)
    assert retries_of(alice, job_id) == 1


def drawing(service: Service) -> psutil.Process:
    """A process that draws a chunk of a video, as soon as there is one."""
    found = wait_until(lambda: service.processes("worker.engines.talking.chunk"), seconds=60)[0]
    assert isinstance(found, psutil.Process)
    return found
