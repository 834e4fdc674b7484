"""Workers that die, hang or are told to stop: their jobs go on elsewhere, once."""

from __future__ import annotations

import signal
import time

import psutil
import pytest

from tests.faults.conftest import StartService
from tests.support.service import Service, User, wait_until

LEASE_SECONDS = 2


@pytest.mark.fault(1)
def test_a_killed_worker_s_job_is_taken_over_within_the_lease_and_two_seconds(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service(RENDER_WORKERS="2", LEASE_SECONDS=str(LEASE_SECONDS))
    alice = service.user("alice")
    job_id = alice.submitted(audio=long_voice)
    horse = rendering(service)
    worker = horse.parent()
    assert worker is not None

    killed_at = time.monotonic()
    for process in (worker, horse):
        process.kill()
    rendering(service, besides=horse)
    taken_over_seconds = time.monotonic() - killed_at

    assert taken_over_seconds <= LEASE_SECONDS + 2
    status = alice.wait_for(job_id, "COMPLETED")
    assert retries_of(alice, job_id) == 1
    assert status["durationSeconds"] == 300


@pytest.mark.fault(2)
def test_a_killed_worker_takes_its_horse_and_ffmpeg_with_it(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service()
    service.user("alice").submitted(audio=long_voice)
    horse = rendering(service)
    worker = horse.parent()
    assert worker is not None
    family = [horse, *horse.children(recursive=True)]

    worker.kill()

    wait_until(lambda: not any(is_alive(process) for process in family), seconds=2)


@pytest.mark.fault(3)
def test_a_killed_horse_frees_its_job_at_once(start_service: StartService, long_voice: bytes) -> None:
    service = start_service(LEASE_SECONDS="60")
    alice = service.user("alice")
    job_id = alice.submitted(audio=long_voice)
    horse = rendering(service)

    horse.kill()

    rendering(service, besides=horse)
    assert alice.wait_for(job_id, "COMPLETED")["progress"] == 100
    assert retries_of(alice, job_id) == 1


@pytest.mark.fault(9)
def test_a_job_whose_every_attempt_dies_is_given_up_with_a_reason(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service(LEASE_SECONDS="60", MAX_ATTEMPTS="2")
    alice = service.user("alice")
    job_id = alice.submitted(audio=long_voice)

    first = rendering(service)
    first.kill()
    rendering(service, besides=first).kill()

    status = alice.wait_for(job_id, "FAILED")
    assert "broke off 2 times" in status["errorMessage"]
    used = alice.http.get("/api/usage?days=2").json()["total"]
    assert (used["jobs"]["submitted"], used["jobs"]["failed"]) == (1, 1)
    assert used["cpuSeconds"] > 0, "the kernel knows what the dead have spent"
    assert alice.submitted() != job_id


@pytest.mark.fault(5)
def test_a_worker_that_sleeps_past_its_lease_can_t_end_the_job_twice(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service(RENDER_WORKERS="2", LEASE_SECONDS="1")
    alice = service.user("alice")
    job_id = alice.submitted(audio=long_voice)
    sleeper = rendering(service)

    sleeper.send_signal(signal.SIGSTOP)
    rendering(service, besides=sleeper)
    sleeper.send_signal(signal.SIGCONT)

    alice.wait_for(job_id, "COMPLETED")
    wait_until(lambda: not is_alive(sleeper))
    outputs = list((service.data_dir / "files" / "outputs" / job_id).iterdir())
    assert sorted(path.name for path in outputs) == ["1.jpg", "1.mp4"]


@pytest.mark.fault(4)
def test_sigterm_of_everything_hands_the_job_back_and_it_completes_after_a_start(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service()
    alice = service.user("alice")
    job_id = alice.submitted(audio=long_voice)
    rendering(service)

    begun_at = time.monotonic()
    service.restart()
    assert time.monotonic() - begun_at < 20

    alice = service.user_with(alice.key)
    assert alice.wait_for(job_id, "COMPLETED")["progress"] == 100
    assert retries_of(alice, job_id) == 0


def test_a_stop_leaves_no_process_and_no_scratch_file(start_service: StartService, long_voice: bytes) -> None:
    service = start_service()
    service.user("alice").submitted(audio=long_voice)
    rendering(service)
    family = service.processes("")

    service.stop()

    assert not [process for process in family if is_alive(process)]
    assert list((service.data_dir / "work").iterdir()) == []


def rendering(service: Service, besides: psutil.Process | None = None) -> psutil.Process:
    """The horse that has an ffmpeg at work, as soon as there is one."""
    found = wait_until(lambda: rendering_now(service, besides), seconds=20)
    assert isinstance(found, psutil.Process)
    return found


def rendering_now(service: Service, besides: psutil.Process | None = None) -> psutil.Process | None:
    for process in service.processes("ffmpeg"):
        horse = process.parent()
        if horse is not None and horse != besides and is_horse(horse):
            return horse
    return None


def is_horse(process: psutil.Process) -> bool:
    """Forked by its worker. The parent of an ffmpeg that has just lost its horse is someone else."""
    try:
        parent = process.parent()
        return parent is not None and parent.cmdline() == process.cmdline()
    except psutil.NoSuchProcess:
        return False


def is_alive(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def retries_of(user: User, job_id: str) -> int:
    listed = user.http.get("/api/jobs").json()["jobs"]
    return int(next(job for job in listed if job["id"] == job_id)["retries"])
