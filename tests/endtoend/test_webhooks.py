"""What a client's receiver gets when a job ends, from the real sender over real TLS."""

from __future__ import annotations

import hashlib
import hmac
import json
import sqlite3
import subprocess
from contextlib import closing
from importlib.metadata import version
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.receiver import Received, Receiver, Reply
from tests.support.service import TALKREEL, Service, User, wait_until
from tests.support.world import wav

#: What the header of a FLAC file promises (RFC 9639, section 8.2: a second of 44.1 kHz), and nothing like it.
BROKEN_SOUND = (
    b"fLaC\x80\x00\x00\x22\x10\x00\x10\x00"
    + bytes(6)
    + b"\x0a\xc4\x40\xf0\x00\x00\xac\x44"
    + bytes(16)
    # No frame begins here.
    + b"nothing of a sound is in here" * 100
)


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
    assert told.headers["X-Webhook-Signature"] == plain_signature(told, secret)
    assert verifies(told, secret)


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
    assert all(verifies(told, alice.key["webhookSecret"]) for told in tries)


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


def test_a_webhook_that_was_given_up_is_sent_again_under_the_same_id_when_its_owner_asks(
    alice: User, receiver: Receiver
) -> None:
    receiver.script(Reply(410))
    job_id = alice.submitted(webhookUrl=receiver.url)
    given_up = wait_until(
        lambda: (found := told_of(alice, job_id)) and found["status"] == "GIVEN_UP" and found
    )
    assert [(one["number"], one["status"], one["error"]) for one in given_up["tries"]] == [(1, 410, None)]

    answer = alice.http.post(f"/api/jobs/{job_id}/deliveries/{given_up['id']}/redeliver")

    assert answer.status_code == 202
    first, again = receiver.wait_for(2, deadline_seconds=5)
    assert first.headers["webhook-id"] == again.headers["webhook-id"] == given_up["id"]
    assert first.body == again.body
    wait_until(lambda: told_of(alice, job_id)["status"] == "DELIVERED")
    assert [one["status"] for one in told_of(alice, job_id)["tries"]] == [410, 200]


def test_a_rotated_secret_verifies_beside_the_old_one_until_the_grace_is_over(
    calling_service: Service, receiver: Receiver
) -> None:
    carol = calling_service.user("carol")
    old = carol.key["webhookSecret"]
    newer = rotated(calling_service, carol, "24h")
    carol.wait_for(carol.submitted(webhookUrl=receiver.url))
    newest = rotated(calling_service, carol, "0s")
    carol.wait_for(carol.submitted(webhookUrl=receiver.url))

    within, after = receiver.wait_for(2)

    assert [verifies(within, secret) for secret in (old, newer, newest)] == [True, True, False]
    assert [verifies(after, secret) for secret in (old, newer, newest)] == [False, False, True]
    assert within.headers["X-Webhook-Signature"] == plain_signature(within, old)
    assert after.headers["X-Webhook-Signature"] == plain_signature(after, newest)


def rotated(service: Service, user: User, grace: str) -> str:
    """The new secret, as the command prints it."""
    argv = [TALKREEL, "keys", "rotate-secret", user.key["id"], "--grace", grace]
    done = subprocess.run(argv, env=service.environment, capture_output=True, check=True, timeout=30)
    return str(json.loads(done.stdout)["webhookSecret"])


def verifies(told: Received, secret: str) -> bool:
    try:
        Webhook(secret).verify(told.body, dict(told.headers.items()))
    except WebhookVerificationError:
        return False
    return True


def plain_signature(told: Received, secret: str) -> str:
    return hmac.new(secret.encode(), told.body, hashlib.sha256).hexdigest()


def told_of(user: User, job_id: str) -> dict[str, Any]:
    """The job's delivery as its owner sees it; empty while there is none."""
    (delivery,) = user.http.get(f"/api/jobs/{job_id}/deliveries").json()["deliveries"] or [{}]
    return dict(delivery)


def delivery_of(service: Service, job_id: str) -> tuple[str, int] | None:
    """Status and tries of a job's delivery, if it has one."""
    query = "SELECT status, tries FROM deliveries WHERE job_id = ?"
    with closing(sqlite3.connect(service.data_dir / "talkreel.db")) as database:
        row: tuple[str, int] | None = database.execute(query, (job_id,)).fetchone()
    return row


def jobs_told(received: list[Received]) -> list[str]:
    return [json.loads(told.body)["jobId"] for told in received]
