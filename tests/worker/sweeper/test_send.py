from __future__ import annotations

import dataclasses
import hashlib
import hmac
import time
from email.utils import formatdate

import pytest
from standardwebhooks import Webhook

from app.egress.http_client import EgressPolicy
from app.webhooks.retry_policy import Delivered, DeliveryAttempt, GiveUp, Outcome, RetryAt
from tests.support.receiver import Receiver, Reply
from tests.worker.sweeper.desk import delivery_to
from worker.sweeper.webhook_sender import send

SCHEDULE = (100, 1000)


def try_once(receiver: Receiver, policy: EgressPolicy, *, tries: int = 0) -> DeliveryAttempt:
    return send(delivery_to(receiver.url, tries=tries), policy, time.time(), schedule=SCHEDULE)


def send_one(receiver: Receiver, policy: EgressPolicy, *, tries: int = 0) -> Outcome:
    return try_once(receiver, policy, tries=tries).outcome


def assert_retried(outcome: Outcome, reason: str, *, after: float = 100) -> None:
    assert isinstance(outcome, RetryAt)
    assert outcome.reason == reason
    assert 0.9 * after <= outcome.delay_seconds <= 1.1 * after


def test_what_arrives_verifies_by_both_signatures(receiver: Receiver, policy: EgressPolicy) -> None:
    assert send_one(receiver, policy) == Delivered(200)
    (request,) = receiver.wait_for(1)
    (secret,) = delivery_to(receiver.url).secrets
    plain = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Webhook-Signature"] == plain
    assert Webhook(secret).verify(request.body, dict(request.headers)) == {"a": 1}


def test_every_try_has_the_same_id_and_its_own_time(receiver: Receiver, policy: EgressPolicy) -> None:
    for now_seconds in (1000.9, 2000.0):
        send(delivery_to(receiver.url), policy, now_seconds, schedule=SCHEDULE)
    first, second = receiver.wait_for(2)
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "msg_0"
    assert [first.headers["webhook-timestamp"], second.headers["webhook-timestamp"]] == ["1000", "2000"]
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]
    assert first.body == second.body


@pytest.mark.parametrize("status", [302, 404, 500])
def test_a_refusal_is_tried_again(receiver: Receiver, policy: EgressPolicy, status: int) -> None:
    receiver.script(Reply(status, {"Location": "https://127.0.0.1/"}))
    assert_retried(send_one(receiver, policy), f"http_{status}")
    assert len(receiver.requests) == 1


@pytest.mark.fault(14)
def test_the_schedule_is_followed_to_its_end(receiver: Receiver, policy: EgressPolicy) -> None:
    receiver.script(otherwise=Reply(500))
    assert_retried(send_one(receiver, policy, tries=0), "http_500", after=100)
    assert_retried(send_one(receiver, policy, tries=1), "http_500", after=1000)
    assert send_one(receiver, policy, tries=2) == GiveUp("http_500")


def test_an_answer_is_reported_with_its_status_and_the_time_it_took(
    receiver: Receiver, policy: EgressPolicy
) -> None:
    receiver.script(Reply(503, delay_seconds=0.2))
    tried = try_once(receiver, policy)
    assert (tried.status, tried.error) == (503, None)
    assert tried.took_ms >= 200


def test_what_was_not_answered_is_reported_with_the_word_for_why(receiver: Receiver) -> None:
    tried = try_once(receiver, EgressPolicy())
    assert (tried.status, tried.error) == (None, "blocked_address")


@pytest.mark.fault(14)
def test_410_ends_it(receiver: Receiver, policy: EgressPolicy) -> None:
    receiver.script(Reply(410))
    assert send_one(receiver, policy) == GiveUp("http_410")


def test_a_busy_receiver_is_given_the_time_it_asks_for(receiver: Receiver, policy: EgressPolicy) -> None:
    receiver.script(
        Reply(429, {"Retry-After": "7200"}),
        Reply(503, {"Retry-After": formatdate(time.time() + 7200, usegmt=True)}),
    )
    assert send_one(receiver, policy) == RetryAt(7200, "http_429")
    later = send_one(receiver, policy)
    assert isinstance(later, RetryAt)
    assert 7100 < later.delay_seconds < 7300


def test_a_refused_address_is_tried_again_under_its_word(receiver: Receiver) -> None:
    assert_retried(send_one(receiver, EgressPolicy()), "blocked_address")
    assert receiver.connections == 0


@pytest.mark.parametrize("change", [{"secrets": ("whsec_*",)}, {"secrets": ()}, {"event": "bad\r\nvalue"}])
def test_what_nobody_foresaw_uses_up_the_schedule_too(
    receiver: Receiver, policy: EgressPolicy, change: dict[str, object]
) -> None:
    broken = dataclasses.replace(delivery_to(receiver.url), **change)  # type: ignore[arg-type]
    assert_retried(send(broken, policy, 0, schedule=SCHEDULE).outcome, "egress_error")
    assert receiver.requests == []
