"""Redis, the database and the disk gone: nothing accepted is lost, nothing refused is left."""

from __future__ import annotations

import contextlib
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import imageio_ffmpeg
import pytest

from app.config.settings import Settings
from app.launcher.embedded_valkey import command as valkey_command
from app.launcher.embedded_valkey import is_running
from tests.faults.conftest import StartService, paused_by
from tests.faults.test_lost_workers import rendering, retries_of
from tests.support.disks import enlarge, small_disk
from tests.support.processes import Server
from tests.support.servers import valkey
from tests.support.service import wait_until
from tests.support.world import png
from worker.execution.machine import MIN_FREE_BYTES

#: Less room than this, and no job is begun.
MIN_FREE_MIB = MIN_FREE_BYTES >> 20
#: A short outage of a server that others share.
OUTAGE_SECONDS = 25


@pytest.mark.fault(6)
def test_with_redis_down_a_submission_is_taken_at_once_and_runs_when_it_is_back(
    start_service: StartService,
) -> None:
    with valkey() as redis:
        service = start_service(REDIS_URL=redis.url)
        alice = service.user("alice")
        alice.wait_for(alice.submitted(), "COMPLETED")

        redis.kill()
        begun_at = time.monotonic()
        job_id = alice.submitted()
        taken_seconds = time.monotonic() - begun_at
        redis.start()

        assert taken_seconds < 0.2
        assert alice.wait_for(job_id, "COMPLETED")["progress"] == 100


@pytest.mark.fault(7)
def test_a_redis_that_forgets_everything_loses_no_job(start_service: StartService, long_voice: bytes) -> None:
    with valkey(persistent=False) as redis:
        service = start_service(REDIS_URL=redis.url)
        alice, bob = service.user("alice"), service.user("bob")
        running = alice.submitted(audio=long_voice)
        waiting = bob.submitted()
        alice.wait_for(running, "PROCESSING")

        redis.kill()
        redis.start()

        assert bob.wait_for(waiting, "COMPLETED")
        assert alice.wait_for(running, "COMPLETED")


def test_a_valkey_that_outlived_its_supervisor_is_used_and_replaced_when_it_ends(
    start_service: StartService, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    with Server(valkey_command(settings), tmp_path, lambda: is_running(settings)) as left_over:
        service = start_service(DATA_DIR=str(settings.data_dir))
        assert service.processes("valkey-server") == []

        left_over.kill()

        wait_until(lambda: service.processes("valkey-server"))
        alice = service.user("alice")
        assert alice.wait_for(alice.submitted(), "COMPLETED")


@pytest.mark.fault(8)
def test_a_redis_that_is_down_for_half_a_minute_costs_no_second_run(
    start_service: StartService, long_voice: bytes
) -> None:
    with valkey(persistent=True) as redis:
        service = start_service(REDIS_URL=redis.url)
        alice = service.user("alice")
        job_id = alice.submitted(audio=long_voice)
        worker = rendering(service).parent()
        assert worker is not None

        redis.kill()
        back_at = time.monotonic() + OUTAGE_SECONDS
        wait_until(lambda: not worker.is_running() or time.monotonic() > back_at, seconds=OUTAGE_SECONDS + 1)
        redis.start()

        alice.wait_for(job_id, "COMPLETED")
        assert retries_of(alice, job_id) == 0
        assert alice.wait_for(alice.submitted(), "COMPLETED")
        assert worker.is_running()


@pytest.mark.fault(10)
def test_a_database_locked_for_four_seconds_delays_everybody_and_fails_nobody(
    start_service: StartService, long_voice: bytes
) -> None:
    service = start_service(LEASE_SECONDS="15")
    alice, bob = service.user("alice"), service.user("bob")
    running = alice.submitted(audio=long_voice)
    alice.wait_for(running, "PROCESSING")

    with closing(sqlite3.connect(service.data_dir / "talkreel.db", check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        unlock = threading.Timer(4, other.rollback)
        unlock.start()
        answers = [alice.http.get("/api/jobs"), alice.http.get(f"/api/status/{running}"), bob.submit()]
        unlock.join()

    assert [answer.status_code for answer in answers] == [200, 200, 201]
    alice.wait_for(running, "COMPLETED")
    assert alice.http.get("/api/jobs").json()["jobs"][0]["retries"] == 0


@pytest.fixture(name="small_disk")
def disk_of_24_mib(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "small", 24) as disk:
        yield disk


@pytest.mark.fault(11)
def test_an_upload_that_finds_no_room_is_503_and_leaves_nothing(
    start_service: StartService, small_disk: Path
) -> None:
    alice = start_service(ready_path="/health", DATA_DIR=str(small_disk)).user("alice")

    answer = alice.submit(audio=b"ID3" + bytes(30 << 20))

    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    assert int(answer.headers["Retry-After"]) > 0
    assert list((small_disk / "incoming").iterdir()) == []
    assert alice.http.get("/api/jobs").json()["jobs"] == []


@pytest.mark.fault(11)
def test_an_upload_of_unknown_length_that_fills_the_disk_is_503_and_leaves_nothing(
    start_service: StartService, small_disk: Path
) -> None:
    alice = start_service(ready_path="/health", DATA_DIR=str(small_disk), MAX_FILE_BYTES="10000000").user()

    answer = alice.http.post(
        "/api/jobs",
        content=endless_upload(small_disk),
        headers={"Content-Type": "multipart/form-data; boundary=b"},
    )

    assert (answer.status_code, answer.json()["code"]) == (503, "disk_full")
    assert list((small_disk / "incoming").iterdir()) == []


@pytest.mark.fault(11)
def test_a_disk_that_fills_up_while_rendering_costs_no_attempt_and_the_job_waits_for_room(
    start_service: StartService, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", MIN_FREE_MIB + 8) as disk:
        service = start_service(ready_path="/health", DATA_DIR=str(disk))
        alice = service.user("alice")

        job_id = alice.submitted(audio=half_a_quiet_hour())
        wait_until(lambda: paused_by(service) == "disk")
        enlarge(disk, 1024)

        assert alice.wait_for(job_id, "COMPLETED", seconds=120)["errorMessage"] is None
        assert retries_of(alice, job_id) == 0
        wait_until(lambda: list((disk / "work").iterdir()) == [])


@pytest.mark.fault(11)
def test_without_room_no_job_is_begun(start_service: StartService, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", MIN_FREE_MIB - 8) as disk:
        service = start_service(ready_path="/health", DATA_DIR=str(disk))
        alice = service.user("alice")

        job_id = alice.submitted()
        wait_until(lambda: paused_by(service) == "disk")
        assert alice.status(job_id)["status"] == "PENDING"
        enlarge(disk, 1024)

        alice.wait_for(job_id, "COMPLETED", seconds=120)


def endless_upload(disk: Path) -> Iterator[bytes]:
    """A chunked body whose picture goes on while the disk is filled from elsewhere."""
    yield b"--b\r\nContent-Disposition: form-data; name=image\r\n\r\n" + png()
    yield bytes(1 << 20)
    with contextlib.suppress(OSError), (disk / "filler").open("wb", buffering=0) as filler:
        while filler.write(bytes(1 << 20)):
            continue
    for _ in range(8):
        yield bytes(1 << 20)


def half_a_quiet_hour() -> bytes:
    """An MP3 of 1800 s: small to send, 159 MB when decoded."""
    silence = ["-f", "lavfi", "-i", "anullsrc=r=44100:cl=mono", "-t", "1800"]
    made = subprocess.run(
        [imageio_ffmpeg.get_ffmpeg_exe(), *silence, "-b:a", "8k", "-f", "mp3", "-"],
        capture_output=True,
        check=True,
        timeout=60,
    )
    return made.stdout
