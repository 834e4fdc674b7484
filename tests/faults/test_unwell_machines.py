"""A machine whose tools fail: the job is tried again, and given up in words that blame nobody's file."""

from __future__ import annotations

from pathlib import Path

from tests.faults.conftest import StartService
from tests.faults.test_lost_workers import retries_of
from tests.support.broken_tools import broken_ffmpeg, mend
from tests.support.service import wait_until


def test_a_tool_that_fails_costs_retries_until_it_works(start_service: StartService, tmp_path: Path) -> None:
    ffmpeg = broken_ffmpeg(tmp_path, "gop.mp4")
    service = start_service(IMAGEIO_FFMPEG_EXE=str(ffmpeg), MAX_ATTEMPTS="1000")
    alice = service.user("alice")

    job_id = alice.submitted()
    wait_until(lambda: retries_of(alice, job_id))
    mend(ffmpeg)

    assert alice.wait_for(job_id, "COMPLETED")["errorMessage"] is None


def test_a_tool_that_always_fails_ends_the_job_after_the_last_attempt(
    start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(IMAGEIO_FFMPEG_EXE=str(broken_ffmpeg(tmp_path, "sound.m4a")), MAX_ATTEMPTS="2")
    alice = service.user("alice")

    status = alice.wait_for(alice.submitted(), "FAILED")

    assert "broke off 2 times" in status["errorMessage"]
