"""What a client's receiver gets when a job ends, from the real sender over real TLS."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
from contextlib import closing
from importlib.metadata import version

import pytest
from standardwebhooks.webhooks import Webhook

from tests.receiver import Received, Receiver, Reply
from tests.service import Service, User, wait_until
from tests.world import wav

BROKEN_SOUND = b"RIFF\x24\x00\x00\x00WAVEnothing of a sound is in here"


def test_a_completed_job_is_told_once_with_the_status_object_itself(
    calling_service: Service, alice: User, receiver: Receiver
) -> None:
    job_id = alice.submitted(webhookUrl=receiver.url)

    (told,) = receiver.wait_for(1)
    wait_until(lambda: delivery_of(calling_service, job_id) == ("DELIVERED", 1))

    assert told.body == alice.http.get(f"/api/status/{job_id}").content
    assert json.loads(told.body)["status"] == "COMPLETED"
    assert told.headers["X-Webhook-Event"] == "job.completed"
    assert told.headers["Content-Type"] == "application/json"
    assert told.headers["User-Agent"] == f"Talkreel/{version('talkreel')}"


def test_a_failed_job_is_told_with_its_reason(alice: User, receiver: Receiver) -> None:
    job_id = alice.submitted(audio=BROKEN_SOUND, webhookUrl=receiver.url)

    (told,) = receiver.wait_for(1)

    assert told.body == alice.http.get(f"/api/status/{job_id}").content
    assert told.headers["X-Webhook-Event"] == "job.failed"
    status = json.loads(told.body)
    assert status["status"] == "FAILED"
    assert status["errorMessage"]


def test_both_kinds_of_verifiers_accept_the_signatures(alice: User, receiver: Receiver) -> None:
    alice.submitted(webhookUrl=receiver.url)

    (told,) = receiver.wait_for(1)

    secret = alice.key["webhookSecret"]
    expected = hmac.new(secret.encode(), told.body, hashlib.sha256).hexdigest()
    assert told.headers["X-Webhook-Signature"] == expected
    assert Webhook(secret).verify(told.body.decode(), dict(told.headers.items()))


def test_a_cancelled_job_is_not_told(
    calling_service: Service, alice: User, bob: User, receiver: Receiver
) -> None:
    busy = alice.submitted(audio=wav(44100 * 120))
    cancelled = bob.submitted(webhookUrl=receiver.url)
    assert bob.http.post(f"/api/jobs/{cancelled}/cancel").status_code == 200
    alice.wait_for(busy, "COMPLETED")

    later = bob.submitted(webhookUrl=receiver.url)

    assert jobs_told(receiver.wait_for(1)) == [later]
    assert delivery_of(calling_service, cancelled) is None
    assert bob.status(cancelled)["status"] == "CANCELLED"


@pytest.mark.fault(14)
def test_an_answer_of_500_is_tried_again_under_the_same_id_until_it_is_taken(
    alice: User, receiver: Receiver
) -> None:
    receiver.script(Reply(500), Reply(500))
    alice.submitted(webhookUrl=receiver.url)

    tries = receiver.wait_for(3)

    assert len({told.headers["webhook-id"] for told in tries}) == 1
    assert len({told.body for told in tries}) == 1
    assert len({told.headers["webhook-timestamp"] for told in tries}) > 1
    for told in tries:
        Webhook(alice.key["webhookSecret"]).verify(told.body.decode(), dict(told.headers.items()))


@pytest.mark.fault(14)
def test_a_redirect_is_not_followed_but_tried_again(alice: User, receiver: Receiver) -> None:
    elsewhere = receiver.url.replace("/hook", "/elsewhere")
    receiver.script(Reply(307, headers={"Location": elsewhere}))
    alice.submitted(webhookUrl=receiver.url)

    tries = receiver.wait_for(2)

    assert [told.path for told in tries] == ["/hook", "/hook"]


def test_deleting_a_job_does_not_lose_its_webhook(alice: User, receiver: Receiver) -> None:
    receiver.script(Reply(503))
    job_id = alice.submitted(webhookUrl=receiver.url)
    (refused,) = receiver.wait_for(1)

    assert alice.http.delete(f"/api/jobs/{job_id}").status_code == 200
    assert alice.http.get(f"/api/status/{job_id}").status_code == 404

    assert receiver.wait_for(2)[1].body == refused.body


def test_a_receiver_that_takes_its_time_doesn_t_hold_up_the_next_job(
    alice: User, bob: User, receiver: Receiver
) -> None:
    receiver.script(Reply(delay_seconds=6))
    slow = alice.submitted(webhookUrl=receiver.url)
    receiver.wait_for(1)

    quick = bob.submitted(webhookUrl=receiver.url)

    assert jobs_told(receiver.wait_for(2, deadline_seconds=5.5)) == [slow, quick]


def delivery_of(service: Service, job_id: str) -> tuple[str, int] | None:
    """Status and tries of a job's delivery, if it has one."""
    query = "SELECT status, tries FROM deliveries WHERE job_id = ?"
    with closing(sqlite3.connect(service.data_dir / "talkreel.db")) as database:
        row: tuple[str, int] | None = database.execute(query, (job_id,)).fetchone()
    return row


def jobs_told(received: list[Received]) -> list[str]:
    return [json.loads(told.body)["jobId"] for told in received]
