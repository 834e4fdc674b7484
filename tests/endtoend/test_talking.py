"""Which pictures talk, and what the others are told, over real HTTP."""

from __future__ import annotations

import io

import av
import cv2
import httpx
import pytest

from tests.support.paths import PORTRAIT, VOICE
from tests.support.service import Service
from tests.support.world import wav
from tests.worker.engines.talking.face_pictures import (
    beside_herself,
    cat,
    coffee_cup,
    landscape,
    scaled,
    with_a_board_before_the_mouth,
)
from tests.worker.engines.talking.portraits import astronaut
from worker.engines.talking.numerics.arrays import Image


def test_a_portrait_and_a_voice_become_a_talking_video(service: Service) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(PORTRAIT.read_bytes(), VOICE.read_bytes())
    status = alice.wait_for(job_id, "COMPLETED", seconds=120)

    assert (status["motion"], status["warnings"]) == ("talking", [])
    assert (status["width"], status["height"]) == (512, 512)
    with av.open(io.BytesIO(httpx.get(status["outputVideo"]).content)) as video:
        assert video.metadata["comment"] == "AI-generated talking portrait"
        assert abs(video.streams.video[0].frames / 25 - status["durationSeconds"]) < 0.04


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (landscape(), "no_face"),
        (coffee_cup(), "no_face"),
        (cat(), "no_face"),
        (with_a_board_before_the_mouth(), "hidden_mouth"),
    ],
    ids=["landscape", "cup", "cat", "hidden mouth"],
)
def test_a_picture_that_can_t_talk_stands_still_and_says_why(
    service: Service, picture: Image, code: str
) -> None:
    alice = service.user("alice")

    status = alice.wait_for(alice.submitted(png_of(picture), wav(44_100)), "COMPLETED")

    assert status["motion"] == "still"
    assert [warning["code"] for warning in status["warnings"]] == [code]


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (beside_herself(astronaut().picture), "multiple_faces"),
        (scaled(0.5)(astronaut().picture), "small_face"),
    ],
    ids=["two faces", "a small face"],
)
def test_a_picture_that_talks_with_a_warning(service: Service, picture: Image, code: str) -> None:
    alice = service.user("alice")

    job_id = alice.submitted(png_of(picture), wav(44_100), motion="talking")
    status = alice.wait_for(job_id, "COMPLETED", seconds=120)

    assert status["motion"] == "talking"
    assert [warning["code"] for warning in status["warnings"]] == [code]


def test_a_picture_without_a_face_that_has_to_talk_fails_with_the_reason(service: Service) -> None:
    alice = service.user("alice")

    status = alice.wait_for(alice.submitted(png_of(coffee_cup()), wav(44_100), motion="talking"), "FAILED")

    assert "No face was found" in status["errorMessage"]


def png_of(picture: Image) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()
