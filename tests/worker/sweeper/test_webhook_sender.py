from __future__ import annotations

import threading
import time
from functools import partial

import pytest

from app.egress.http_client import EgressPolicy
from app.webhooks.retry_policy import ClaimedDelivery, Delivered, Outcome, RetryAt
from tests.support.receiver import Receiver, Reply
from tests.worker.sweeper.desk import MemoryDesk, answering, delivery_to, running
from worker.sweeper import webhook_sender
from worker.sweeper.webhook_sender import AT_ONCE, AT_ONCE_FOR_ONE_HOST, run_sender, send


def deliver_quietly(_delivery: ClaimedDelivery) -> Outcome:
    return Delivered(200)


class Gate:
    """A `send` that waits at a gate for each host named, and counts who waits there."""

    def __init__(self, *slow_hosts: str) -> None:
        self.open = threading.Event()
        self.slow_hosts = slow_hosts
        self.most_at_once = 0
        self._waiting = 0
        self._changed = threading.Condition()

    def __call__(self, delivery: ClaimedDelivery) -> Outcome:
        if delivery.host in self.slow_hosts:
            self._stand()
        return Delivered(200)

    def _stand(self) -> None:
        with self._changed:
            self._waiting += 1
            self.most_at_once = max(self.most_at_once, self._waiting)
            self._changed.notify_all()
        self.open.wait(20)
        with self._changed:
            self._waiting -= 1

    def wait_for(self, count: int) -> None:
        with self._changed:
            assert self._changed.wait_for(lambda: self._waiting >= count, 10)


def test_what_is_due_is_sent_and_recorded(receiver: Receiver, policy: EgressPolicy) -> None:
    receiver.script(Reply(200), otherwise=Reply(200, delay_seconds=0.05))
    desk = MemoryDesk(*(delivery_to(receiver.url, number) for number in range(20)))
    try_once = partial(send, policy=policy, now_seconds=time.time(), schedule=(5,))
    with running(desk.with_sending(try_once)):
        recorded = desk.wait_for_records(20)
    assert set(recorded.values()) == {Delivered(200)}
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 20
    assert receiver.most_at_once == AT_ONCE_FOR_ONE_HOST


def test_a_failure_is_recorded_beside_the_deliveries_that_succeed(
    receiver: Receiver, policy: EgressPolicy
) -> None:
    receiver.script(Reply(500))
    desk = MemoryDesk(delivery_to(receiver.url, 0))
    try_once = partial(send, policy=policy, now_seconds=time.time(), schedule=(5,))
    with running(desk.with_sending(try_once)):
        desk.wait_for_records(1)
        desk.ring(delivery_to(receiver.url, 1))
        recorded = desk.wait_for_records(2)
    assert isinstance(recorded["msg_0"], RetryAt)
    assert recorded["msg_1"] == Delivered(200)


def test_slow_receivers_hold_up_only_themselves() -> None:
    gate = Gate("a.test", "b.test", "c.test")
    slow = [delivery_to(f"https://{letter}.test/", n) for n, letter in enumerate("aaaaaaaabbbbbbbbcccccccc")]
    desk = MemoryDesk(*slow, delivery_to("https://quick.test/", 99))
    with running(desk.with_sending(answering(gate))):
        assert desk.wait_for_records(1) == {"msg_99": Delivered(200)}
        gate.wait_for(3 * AT_ONCE_FOR_ONE_HOST)
        gate.open.set()
        desk.wait_for_records(25)
    assert gate.most_at_once == 3 * AT_ONCE_FOR_ONE_HOST


def test_no_more_go_at_once_than_there_are_lanes() -> None:
    hosts = [f"{letter}.test" for letter in "abcdef"]
    gate = Gate(*hosts)
    desk = MemoryDesk(*(delivery_to(f"https://{hosts[n % 6]}/", n) for n in range(24)))
    with running(desk.with_sending(answering(gate))):
        gate.wait_for(AT_ONCE)
        gate.open.set()
        desk.wait_for_records(24)
    assert gate.most_at_once == AT_ONCE


def test_the_bell_wakes_the_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "LOOK_SECONDS", 30)
    desk = MemoryDesk()
    with running(desk.with_sending(answering(deliver_quietly))) as stop:
        desk.wait_for_claims(1)
        desk.ring(delivery_to("https://a.test/"))
        desk.wait_for_records(1)
        stop.set()
        desk.ring()


def test_without_a_bell_the_sender_looks_by_itself() -> None:
    desk = MemoryDesk()
    desk.bell_is_broken = True
    with running(desk.with_sending(answering(deliver_quietly))):
        desk.wait_for_claims(1)
        desk.due.append(delivery_to("https://a.test/"))
        desk.wait_for_records(1)


def test_a_database_that_is_gone_is_outlived() -> None:
    desk = MemoryDesk(delivery_to("https://a.test/"))
    desk.broken_claims = 1
    with running(desk.with_sending(answering(deliver_quietly))):
        desk.wait_for_records(1)
    assert desk.claims >= 2


def test_a_try_that_breaks_frees_its_lane() -> None:
    def break_some(delivery: ClaimedDelivery) -> Outcome:
        if delivery.id != "msg_9":
            raise RuntimeError("a mistake of ours")
        return Delivered(200)

    desk = MemoryDesk(*(delivery_to("https://a.test/", number) for number in range(10)))
    with running(desk.with_sending(answering(break_some))):
        assert desk.wait_for_records(1) == {"msg_9": Delivered(200)}


def test_what_is_under_way_is_finished_before_the_sender_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "LOOK_SECONDS", 0.01)
    stop = threading.Event()

    def send_into_the_stop(_delivery: ClaimedDelivery) -> Outcome:
        stop.set()
        threading.Event().wait(0.5)  # far longer than the loop needs to notice the stop
        return Delivered(200)

    desk = MemoryDesk(delivery_to("https://a.test/"))
    run_sender(stop, desk.with_sending(answering(send_into_the_stop)))
    assert desk.recorded == {"msg_0": Delivered(200)}


def test_a_receiver_that_hangs_does_not_keep_the_sender_from_ending(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_sender, "DRAIN_SECONDS", 0.1)
    gate = Gate("a.test")
    desk = MemoryDesk(delivery_to("https://a.test/"))
    with running(desk.with_sending(answering(gate))) as stop:
        gate.wait_for(1)
        stop.set()
    assert desk.recorded == {}
    gate.open.set()
    desk.wait_for_records(1)
