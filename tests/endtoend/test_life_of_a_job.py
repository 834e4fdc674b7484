"""From upload to video, over real HTTP, through real processes."""

from __future__ import annotations

import io
from pathlib import Path

import av
import httpx
import pytest

from tests.service import Service
from tests.world import png, wav

VOICE = Path(__file__).parents[2] / "examples" / "voice.mp3"


def test_a_picture_and_a_voice_become_a_video(service: Service) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(png(320, 240), wav(44100))
    status = alice.wait_for(job_id, "COMPLETED")

    assert status["progress"] == 100
    assert (status["width"], status["height"], status["durationSeconds"]) == (320, 240, 1.0)
    assert status["motion"] == "still"
    video = httpx.get(status["outputVideo"])
    assert video.headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(video.content)) as opened:
        assert [stream.type for stream in opened.streams] == ["video", "audio"]
    assert httpx.get(status["outputShareLink"]).status_code == 200


def test_a_voice_is_brought_to_the_loudness_that_was_asked_for(service: Service) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(audio=VOICE.read_bytes(), motion="still", loudness="-20.5")
    status = alice.wait_for(job_id, "COMPLETED")

    assert status["loudness"] == pytest.approx(-20.5, abs=0.5)
    assert status["loudnessBefore"] == pytest.approx(-16.5, abs=0.5)
    assert status["warnings"] == []
