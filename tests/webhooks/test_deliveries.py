"""Webhook deliveries, on both databases."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from app.database.database import Database, now_ms
from app.domain.states import DeliveryStatus
from app.schemas.jobs import StatusBody
from app.storage.stores import Storage
from app.webhooks import deliveries
from tests.support.rows import (
    DELIVERED,
    FAILED,
    GIVEN_UP,
    HOOK,
    LINKS,
    change_delivery,
    deleted,
    delivery_rows,
    due,
    ended,
    job_row,
)


def test_a_delivery_carries_the_status_object_and_its_owner_s_secret(database: Database) -> None:
    job_id = ended(database)

    (delivery,) = due(database)

    job = job_row(database, job_id)
    assert delivery.body == StatusBody.of(job, LINKS).json_bytes()
    assert json.loads(delivery.body)["outputVideo"].startswith("https://talkreel.test/videos/")
    assert (delivery.event, delivery.url, delivery.tries) == ("job.completed", HOOK, 0)
    assert [secret.startswith("whsec_") for secret in delivery.secrets] == [True]


def test_each_delivery_has_its_own_owner_s_secret(database: Database) -> None:
    for _ in range(3):
        ended(database)

    assert len({delivery.secrets for delivery in due(database)}) == 3


def test_a_delivery_is_claimed_once(database: Database) -> None:
    ended(database)

    assert [len(due(database)) for _ in range(3)] == [1, 0, 0]


def test_rivals_share_what_is_due_without_doubles(database: Database) -> None:
    for _ in range(12):
        ended(database)

    with ThreadPoolExecutor(4) as rivals:
        shares = list(rivals.map(lambda _: due(database, limit=2), range(12)))

    assert max(map(len, shares)) <= 2
    taken = [delivery.id for share in shares for delivery in share]
    assert len(taken) == len(set(taken))
    rest = due(database, limit=12)
    assert len(taken) + len(rest) == 12


def test_no_more_are_claimed_than_asked_and_the_longest_due_first(database: Database) -> None:
    for number, job_id in enumerate([ended(database) for _ in range(3)]):
        (row,) = [row for row in delivery_rows(database) if row.job_id == job_id]
        change_delivery(database, row.id, due_at_ms=3 - number)

    expected = [row.id for row in delivery_rows(database)]

    assert [[delivery.id for delivery in due(database, limit=1)] for _ in range(3)] == [
        [each] for each in expected
    ]


def test_a_host_that_is_full_waits(database: Database) -> None:
    ended(database, "https://slow.test/hook")
    ended(database, "https://Quick.test/hook")

    (quick,) = due(database, full_hosts=frozenset({"slow.test"}))

    assert quick.host == "quick.test"
    assert [delivery.host for delivery in due(database)] == ["slow.test"]


def test_what_is_not_due_yet_waits(database: Database) -> None:
    ended(database)
    (row,) = delivery_rows(database)
    change_delivery(database, row.id, due_at_ms=now_ms() + 60_000)

    assert due(database) == []


def test_a_delivered_one_is_over(database: Database) -> None:
    ended(database)
    (delivery,) = due(database)

    assert deliveries.record(database, delivery, DELIVERED)

    (row,) = delivery_rows(database)
    assert (row.status, row.tries, row.last_result) == (DeliveryStatus.DELIVERED, 1, "204")
    assert due(database) == []


def test_one_given_up_is_over(database: Database) -> None:
    ended(database)
    (delivery,) = due(database)

    assert deliveries.record(database, delivery, GIVEN_UP)

    (row,) = delivery_rows(database)
    assert (row.status, row.tries, row.last_result) == (DeliveryStatus.GIVEN_UP, 1, "http_410")
    assert due(database) == []


def test_one_to_be_tried_again_waits_and_stays_the_same(database: Database) -> None:
    ended(database)
    (first,) = due(database)

    assert deliveries.record(database, first, FAILED)
    assert due(database) == []
    (row,) = delivery_rows(database)
    assert (row.status, row.tries, row.last_result) == (DeliveryStatus.PENDING, 1, "http_500")
    assert 299_000 <= row.due_at_ms - row.updated_at_ms <= 301_000
    change_delivery(database, row.id, due_at_ms=now_ms())
    (second,) = due(database)

    assert (second.id, second.body, second.tries) == (first.id, first.body, 1)
    assert second.claim_token != first.claim_token


def test_a_sender_that_died_leaves_its_claim_to_the_next(database: Database) -> None:
    ended(database)
    (dead,) = due(database)
    change_delivery(database, dead.id, claimed_until_ms=now_ms() - 1)

    (taken_over,) = due(database)

    assert taken_over.id == dead.id
    assert not deliveries.record(database, dead, GIVEN_UP)
    assert deliveries.record(database, taken_over, DELIVERED)
    (row,) = delivery_rows(database)
    assert (row.status, row.tries) == (DeliveryStatus.DELIVERED, 1)


def test_a_claim_lasts_a_minute(database: Database) -> None:
    ended(database)
    due(database)

    (row,) = delivery_rows(database)
    assert 59_000 <= row.claimed_until_ms - row.updated_at_ms <= 62_000


@pytest.mark.parametrize("permanent", [False, True])
def test_a_delivery_outlives_its_job(database: Database, storage: Storage, permanent: bool) -> None:
    job_id = ended(database)

    deleted(database, storage, job_id, permanent=permanent)

    assert len(due(database)) == 1
