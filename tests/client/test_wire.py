"""What is tried again, for how long, and what is not."""

from __future__ import annotations

import httpx
import pytest

from app.client import Refused, TalkreelError, Unreachable
from app.client.errors import NotTalkreel
from tests.client.played import KEY, Played, refusal, status_object

CREATED = httpx.Response(201, json={"message": "Job created", "jobId": "abcdefgh1"})


def test_a_submission_whose_answer_got_lost_is_sent_again_whole_under_the_same_key(played: Played) -> None:
    played.answers = [httpx.ReadError("gone"), httpx.ConnectError("refused"), CREATED]

    assert played.client.submit(b"image", b"audio") == "abcdefgh1"

    assert len({request.headers["Idempotency-Key"] for request in played.requests}) == 1
    assert [b"image" in each.content and b"audio" in each.content for each in played.requests] == [True] * 3


def test_two_submissions_have_two_keys(played: Played) -> None:
    played.answers = [CREATED]

    played.client.submit(b"image", b"audio")
    played.client.submit(b"image", b"audio")
    played.client.submit(b"image", b"audio", idempotency_key="mine")

    first, second, third = (request.headers["Idempotency-Key"] for request in played.requests)
    assert first != second
    assert third == "mine"


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_asked_again_when_it_says(played: Played, status: int) -> None:
    played.answers = [refusal(status, **{"Retry-After": "7"}), httpx.Response(200, json=status_object())]

    assert played.client.status("abcdefgh1").progress == 0

    assert played.clock.slept == [7.0]


def test_a_service_that_is_away_is_asked_for_fifteen_seconds(played: Played) -> None:
    played.answers = [httpx.ConnectError("refused")]

    with pytest.raises(Unreachable, match="refused"):
        played.client.status("abcdefgh1")

    assert 5 < sum(played.clock.slept) < 15
    assert len(played.requests) < 12


def test_a_service_that_stays_busy_is_asked_for_a_minute(played: Played) -> None:
    played.answers = [refusal(503, **{"Retry-After": "25"})]

    with pytest.raises(Refused, match=r"A sentence\."):
        played.client.status("abcdefgh1")

    assert played.clock.slept == [25.0, 25.0]


@pytest.mark.parametrize("status", [400, 401, 404, 409, 413, 500])
def test_what_won_t_change_is_not_asked_again(played: Played, status: int) -> None:
    played.answers = [refusal(status, "some_word")]

    with pytest.raises(Refused) as caught:
        played.client.status("abcdefgh1")

    assert (caught.value.status, caught.value.code, len(played.requests)) == (status, "some_word", 1)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, text="<html>Welcome"),
        httpx.Response(200, json={"something": "else"}),
        httpx.Response(404, text="<html>Not found"),
        httpx.Response(301, headers={"Location": "https://elsewhere.test"}),
        httpx.Response(400, json=["error"]),
    ],
    ids=["page", "other", "404", "redirect", "list"],
)
def test_another_service_at_the_address_is_called_one(played: Played, answer: httpx.Response) -> None:
    played.answers = [answer]

    with pytest.raises(NotTalkreel, match="is not a Talkreel service"):
        played.client.status("abcdefgh1")


def test_the_key_goes_to_the_service(played: Played) -> None:
    played.answers = [httpx.Response(200, json=status_object())]

    played.client.status("abcdefgh1")

    (request,) = played.requests
    assert request.headers["X-API-Key"] == KEY
    assert request.headers["User-Agent"].startswith("Talkreel/")


def test_a_request_that_can_t_be_sent_is_not_tried_again(played: Played) -> None:
    played.answers = [httpx.LocalProtocolError("illegal header")]

    with pytest.raises(TalkreelError, match="illegal header"):
        played.client.status("abcdefgh1")

    assert played.clock.slept == []
