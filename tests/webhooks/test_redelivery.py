"""What an owner can do with a webhook, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from app.core.ids import new_delivery_id
from app.database.database import Database, now_ms
from app.domain.states import DeliveryStatus
from app.errors import DeliveryNotFound, DeliveryUnderWay
from app.queue.queues import JobQueue, SenderBell
from app.storage.stores import Storage
from app.webhooks import deliveries, redelivery
from app.webhooks.retry_policy import ClaimedDelivery, DeliveryAttempt
from tests.support.rows import (
    DELIVERED,
    FAILED,
    GIVEN_UP,
    add_job,
    change_delivery,
    deleted,
    delivery_rows,
    due,
    ended,
    job_row,
    tries_of,
)
from tests.support.servers import Valkey


def owner_of(database: Database, job_id: str) -> str:
    return job_row(database, job_id).api_key_id


def tried_once(database: Database, came_to: DeliveryAttempt) -> ClaimedDelivery:
    """The delivery of a new job, sent once."""
    ended(database)
    (delivery,) = due(database)
    assert deliveries.record(database, delivery, came_to)
    return delivery


def redeliver(database: Database, job_queue: JobQueue, delivery_id: str) -> None:
    """As its owner."""
    (row,) = (row for row in delivery_rows(database) if row.id == delivery_id)
    redelivery.redeliver(database, job_queue, row.job_id, row.id)


@pytest.mark.parametrize("came_to", [DELIVERED, GIVEN_UP])
def test_what_is_over_is_sent_again_with_the_same_id_and_bytes(
    database: Database, job_queue: JobQueue, came_to: DeliveryAttempt
) -> None:
    first = tried_once(database, came_to)

    redeliver(database, job_queue, first.id)

    (again,) = due(database)
    assert (again.id, again.body, again.url, again.event) == (first.id, first.body, first.url, first.event)


def test_what_waits_for_its_next_try_needn_t_wait_any_longer(database: Database, job_queue: JobQueue) -> None:
    delivery = tried_once(database, FAILED)
    assert due(database) == []

    redeliver(database, job_queue, delivery.id)

    assert [each.id for each in due(database)] == [delivery.id]


def test_the_schedule_begins_anew_and_the_numbers_go_on(database: Database, job_queue: JobQueue) -> None:
    delivery = tried_once(database, FAILED)
    redeliver(database, job_queue, delivery.id)
    (again,) = due(database)

    assert again.tries == 0
    assert deliveries.record(database, again, FAILED)
    change_delivery(database, delivery.id, due_at_ms=now_ms())
    (second,) = due(database)

    assert second.tries == 1
    assert [one.number for one in tries_of(database, delivery.id)] == [1, 2]


def test_what_is_being_sent_right_now_is_left_alone(database: Database, job_queue: JobQueue) -> None:
    ended(database)
    (under_way,) = due(database)

    with pytest.raises(DeliveryUnderWay):
        redeliver(database, job_queue, under_way.id)

    assert deliveries.record(database, under_way, DELIVERED)


def test_a_sender_that_comes_back_from_the_dead_doesn_t_end_a_redelivery(
    database: Database, job_queue: JobQueue
) -> None:
    ended(database)
    (dead,) = due(database)
    change_delivery(database, dead.id, claimed_until_ms=now_ms() - 1)

    redeliver(database, job_queue, dead.id)

    assert not deliveries.record(database, dead, GIVEN_UP)
    assert [each.id for each in due(database)] == [dead.id]


def test_many_who_ask_at_once_get_it_sent_once(database: Database, job_queue: JobQueue) -> None:
    delivery = tried_once(database, DELIVERED)

    with ThreadPoolExecutor(8) as askers:
        list(askers.map(lambda _: redeliver(database, job_queue, delivery.id), range(8)))

    assert [len(due(database)) for _ in range(2)] == [1, 0]


def test_between_a_sender_and_an_owner_exactly_one_wins(database: Database, job_queue: JobQueue) -> None:
    """Whoever is refused must find the delivery in hand, and nobody undoes a claim."""
    delivery = tried_once(database, DELIVERED)
    for _ in range(10):
        change_delivery(database, delivery.id, status=DeliveryStatus.PENDING, claimed_until_ms=0)
        with ThreadPoolExecutor(2) as rivals:
            claim = rivals.submit(due, database)
            rivals.submit(_unless_under_way, partial(redeliver, database, job_queue, delivery.id)).result()
            claimed = claim.result() or due(database)

        assert [deliveries.record(database, each, DELIVERED) for each in claimed] == [True]


def _unless_under_way(ask: partial[None]) -> None:
    try:
        ask()
    except DeliveryUnderWay:
        return


def test_the_sender_is_told(database: Database, job_queue: JobQueue, valkey_server: Valkey) -> None:
    delivery = tried_once(database, DELIVERED)
    bell = SenderBell(valkey_server.url)

    redeliver(database, job_queue, delivery.id)

    assert bell.wait(5)


def test_with_redis_down_the_sender_finds_it_by_itself(database: Database) -> None:
    delivery = tried_once(database, DELIVERED)

    redeliver(database, JobQueue("unix:///nowhere/valkey.sock"), delivery.id)

    assert [each.id for each in due(database)] == [delivery.id]


def test_a_delivery_of_another_job_is_not_this_job_s(database: Database, job_queue: JobQueue) -> None:
    delivery = tried_once(database, DELIVERED)
    owner = owner_of(database, delivery_rows(database)[0].job_id)
    other = add_job(database, api_key_id=owner)

    for delivery_id in (delivery.id, new_delivery_id()):
        with pytest.raises(DeliveryNotFound):
            redelivery.redeliver(database, job_queue, other, delivery_id)

    assert due(database) == []


@pytest.mark.parametrize("permanent", [False, True])
def test_the_webhook_of_a_deleted_job_is_still_sent(
    database: Database, storage: Storage, job_queue: JobQueue, permanent: bool
) -> None:
    job_id = ended(database)
    (row,) = delivery_rows(database)

    deleted(database, storage, job_id, permanent=permanent)

    assert [each.id for each in due(database)] == [row.id]


def test_a_job_without_a_webhook_has_no_history(database: Database) -> None:
    job_id = add_job(database, webhook_url=None)

    assert redelivery.histories(database, job_id) == []
