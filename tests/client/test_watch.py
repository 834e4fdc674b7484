"""How a job is waited for: by its events where the service sends them, else by asking."""

from __future__ import annotations

import httpx
import pytest

from app.client import JobFailed, Refused, Status, TookTooLong
from app.client.events import Event, events
from tests.client.played import Answer, Played, event, refusal, status_object, stream

NO_EVENTS = refusal(404, "not_found")
DONE = {"status": "COMPLETED", "progress": 100, "phase": "done"}


def told(progress: int = 0, *, retry_after: str = "3", etag: str = "") -> httpx.Response:
    headers = {"Retry-After": retry_after, **({"ETag": etag} if etag else {})}
    return httpx.Response(200, json=status_object(progress=progress), headers=headers)


def done() -> httpx.Response:
    return httpx.Response(200, json=status_object(**DONE))


def test_events_are_followed_to_the_end(played: Played) -> None:
    first, second = event("status", progress=10), event("status", progress=60)
    played.answers = [stream("retry: 2000", *first, ": still here", *second, *event("completed", **DONE))]
    seen: list[Status] = []

    status = played.client.wait("abcdefgh1", seen.append)

    assert [each.progress for each in seen] == [10, 60, 100]
    assert status.status == "COMPLETED"
    assert played.asked == ["/api/jobs/abcdefgh1/events"]


def test_a_service_without_events_is_asked_as_often_as_it_says(played: Played) -> None:
    played.answers = [NO_EVENTS, told(), told(50, retry_after="5"), done()]
    seen: list[Status] = []

    played.client.wait("abcdefgh1", seen.append)

    assert [each.progress for each in seen] == [0, 50, 100]
    assert played.clock.slept == [3.0, 5.0]
    assert played.asked.count("/api/jobs/abcdefgh1/events") == 1


def test_a_stream_that_breaks_is_taken_up_again(played: Played) -> None:
    played.answers = [
        stream(*event("status", progress=10), "event: completed", broken=True),
        told(20),
        stream(*event("completed", **DONE)),
    ]

    assert played.client.wait("abcdefgh1").status == "COMPLETED"


def test_what_has_not_changed_is_not_sent_again(played: Played) -> None:
    played.answers = [NO_EVENTS, told(5, etag='"1"'), httpx.Response(304), done()]
    seen: list[Status] = []

    played.client.wait("abcdefgh1", seen.append)

    assert [each.progress for each in seen] == [5, 5, 100]
    assert played.requests[2].headers["If-None-Match"] == '"1"'


def test_a_job_that_fails_raises_its_sentence(played: Played) -> None:
    played.answers = [stream(*event("failed", status="FAILED", errorMessage="The image file is empty."))]

    with pytest.raises(JobFailed, match=r"The image file is empty\.") as caught:
        played.client.wait("abcdefgh1")

    assert caught.value.job.job_id == "abcdefgh1"


def test_a_job_that_is_deleted_meanwhile_is_not_found(played: Played) -> None:
    gone = refusal(404, "job_not_found")
    played.answers = [stream("event: deleted", 'data: {"jobId": "abcdefgh1"}', ""), gone]

    with pytest.raises(Refused) as caught:
        played.client.wait("abcdefgh1")

    assert caught.value.code == "job_not_found"


@pytest.mark.parametrize("timeout_seconds", [0, 7, 100])
def test_a_wait_is_over_in_time_after_a_last_look(played: Played, timeout_seconds: int) -> None:
    played.answers = [*([NO_EVENTS] if timeout_seconds > 30 else []), told(), told()]
    begun_at = played.clock.now

    with pytest.raises(TookTooLong) as caught:
        played.client.wait("abcdefgh1", timeout_seconds=timeout_seconds)

    assert caught.value.code == "timeout"
    assert played.clock.now - begun_at == pytest.approx(timeout_seconds)
    assert played.asked[-1] == "/api/status/abcdefgh1"


def test_a_silent_stream_is_left_for_asking_before_the_time_is_over(played: Played) -> None:
    def passes(request: httpx.Request) -> httpx.Response:
        played.clock.now += 15
        return stream(": still here", *event("completed", **DONE))

    played.answers = [passes, told(70)]

    with pytest.raises(TookTooLong):
        played.client.wait("abcdefgh1", timeout_seconds=40)

    assert played.asked.count("/api/jobs/abcdefgh1/events") == 1


def test_a_service_that_restarts_is_waited_for(played: Played) -> None:
    away: list[Answer] = [httpx.ConnectError("refused")] * 3
    played.answers = [NO_EVENTS, told(), *away, refusal(503, **{"Retry-After": "1"}), done()]

    assert played.client.wait("abcdefgh1").progress == 100


def test_an_event_may_have_many_lines_and_no_name() -> None:
    lines = ["data: a", "data:b", "id: 7", "", "", ": comment", "event:x", "data", "", "data: cut"]

    assert list(events(lines)) == [Event("message", "a\nb"), None, Event("x", "")]
