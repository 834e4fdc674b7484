"""From upload to video, over real HTTP, through real processes."""

from __future__ import annotations

import io
import os
import time

import av
import httpx
import pytest

from tests.support.paths import VOICE
from tests.support.service import Service
from tests.support.world import png, wav


def test_a_picture_and_a_voice_become_a_video(service: Service) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(png(384, 288), wav(44100))
    status = alice.wait_for(job_id, "COMPLETED")

    assert status["progress"] == 100
    assert (status["width"], status["height"], status["durationSeconds"]) == (384, 288, 1.0)
    assert status["motion"] == "still"
    video = httpx.get(status["outputVideo"])
    assert video.headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(video.content)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
    assert httpx.get(status["outputShareLink"]).status_code == 200


def test_what_a_video_took_is_on_record(service: Service) -> None:
    alice = service.user("alice")
    picture, voice = png(384, 288), wav(44100)
    begun_at = time.monotonic()

    status = alice.wait_for(alice.submitted(picture, voice, motion="still"), "COMPLETED")

    took_seconds = time.monotonic() - begun_at
    found = alice.http.get("/api/usage?days=2").json()
    total = found["total"]
    assert total["jobs"] == {"submitted": 1, "completed": 1, "failed": 0, "cancelled": 0}
    assert total["outputSeconds"] == status["durationSeconds"] == 1.0
    assert total["bytesIn"] == len(picture) + len(voice)
    assert total["bytesOut"] == len(httpx.get(status["outputVideo"]).content)
    assert 0 < total["renderSeconds"] < took_seconds
    # Starting the programs alone takes more than the one, and all cores have no more than the other.
    assert 0.01 < total["cpuSeconds"] < took_seconds * (os.cpu_count() or 1)
    for name in ("outputSeconds", "renderSeconds", "cpuSeconds", "bytesIn", "bytesOut"):
        assert total[name] == pytest.approx(sum(day[name] for day in found["days"]))


def test_a_voice_is_brought_to_the_loudness_that_was_asked_for(service: Service) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(audio=VOICE.read_bytes(), motion="still", loudness="-20.5")
    status = alice.wait_for(job_id, "COMPLETED")

    assert status["loudness"] == pytest.approx(-20.5, abs=0.5)
    assert status["loudnessBefore"] == pytest.approx(-16.5, abs=0.5)
    assert status["warnings"] == []
