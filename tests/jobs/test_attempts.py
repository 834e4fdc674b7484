"""The record of every try of a webhook, on both databases."""

from __future__ import annotations

import pytest

from app.database.database import Database, now_ms
from app.jobs import retention
from app.storage.stores import Storage
from app.webhooks import deliveries
from app.webhooks.retry_policy import DeliveryAttempt
from tests.support.rows import (
    DELIVERED,
    FAILED,
    UNANSWERED,
    change_delivery,
    delivery_rows,
    due,
    ended,
    tries_of,
)


def try_again(database: Database, *tries: DeliveryAttempt) -> str:
    """Plays the sender of the only delivery until it came to all of `tries`. Returns its id."""
    (row,) = delivery_rows(database)
    for tried in tries:
        change_delivery(database, row.id, due_at_ms=now_ms())
        (delivery,) = due(database)
        assert deliveries.record(database, delivery, tried)
    return row.id


def test_each_try_is_written_down_with_its_status_or_the_word_for_why_there_was_none(
    database: Database,
) -> None:
    ended(database)

    delivery_id = try_again(database, UNANSWERED, FAILED, DELIVERED)

    tries = tries_of(database, delivery_id)
    assert [(one.number, one.status, one.error, one.took_ms) for one in tries] == [
        (1, None, "timeout", 15_000),
        (2, 500, None, 34),
        (3, 204, None, 12),
    ]


def test_a_try_began_as_long_ago_as_it_took(database: Database) -> None:
    ended(database)

    delivery_id = try_again(database, UNANSWERED)

    (row,) = delivery_rows(database)
    (one,) = tries_of(database, delivery_id)
    assert 13_000 <= row.updated_at_ms - one.begun_at_ms <= 17_000


def test_a_try_whose_claim_ran_out_is_not_counted_twice(database: Database) -> None:
    ended(database)
    (slow,) = due(database)
    change_delivery(database, slow.id, claimed_until_ms=now_ms() - 1)
    (taken_over,) = due(database)

    assert deliveries.record(database, taken_over, DELIVERED)
    assert not deliveries.record(database, slow, FAILED)

    assert [one.status for one in tries_of(database, slow.id)] == [204]


def test_each_delivery_has_its_own_tries(database: Database) -> None:
    for _ in range(2):
        ended(database)
    first, second = due(database)

    deliveries.record(database, first, FAILED)
    deliveries.record(database, second, DELIVERED)

    assert [one.status for one in tries_of(database, first.id)] == [500]
    assert [one.status for one in tries_of(database, second.id)] == [204]


def test_of_very_many_tries_the_latest_stay(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliveries, "TRIES_KEPT", 3)
    ended(database)

    delivery_id = try_again(database, *[FAILED] * 4, DELIVERED)

    assert [one.number for one in tries_of(database, delivery_id)] == [3, 4, 5]


def test_tries_go_with_their_delivery(database: Database, storage: Storage) -> None:
    ended(database)
    delivery_id = try_again(database, FAILED, DELIVERED)
    change_delivery(database, delivery_id, updated_at_ms=1)

    retention.expire(database, storage, retention_days=30)

    assert delivery_rows(database) == []
    assert tries_of(database, delivery_id) == []
