"""Webhook secrets that are replaced, on both databases; verified by the public library."""

from __future__ import annotations

import hashlib
import hmac
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from app.core.signing import webhook_headers
from app.database.database import Database, now_ms
from app.keys import api_keys
from app.keys.api_keys import MintedKey
from app.webhooks.retry_policy import ClaimedDelivery
from tests.support.rows import add_key, change_key, due, ended

DAY_SECONDS = 86_400


@pytest.fixture
def key(database: Database) -> MintedKey:
    return add_key(database)


def rotated(database: Database, key: MintedKey, *, grace_seconds: int = DAY_SECONDS) -> str:
    """The new secret."""
    made = api_keys.rotate_secret(database, key.id, grace_seconds=grace_seconds)
    assert made is not None
    return made.webhook_secret


def claimed_delivery(database: Database, key: MintedKey) -> ClaimedDelivery:
    """The only one that is due: a job of `key` just ended."""
    ended(database, api_key_id=key.id)
    (delivery,) = due(database)
    return delivery


def headers_of(delivery: ClaimedDelivery) -> dict[str, str]:
    return webhook_headers(
        message_id=delivery.id,
        timestamp_seconds=int(time.time()),
        body=delivery.body,
        event=delivery.event,
        secrets=delivery.secrets,
    )


def is_what_a_verifier_of_one_secret_expects(delivery: ClaimedDelivery, secret: str) -> bool:
    expected = hmac.new(secret.encode(), delivery.body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers_of(delivery)["X-Webhook-Signature"])


def verifies(delivery: ClaimedDelivery, secret: str) -> bool:
    try:
        Webhook(secret).verify(delivery.body, headers_of(delivery))
    except WebhookVerificationError:
        return False
    return True


def test_until_the_grace_is_over_both_secrets_verify_the_new_one_first(
    database: Database, key: MintedKey
) -> None:
    new = rotated(database, key)

    delivery = claimed_delivery(database, key)

    assert delivery.secrets == (new, key.webhook_secret)
    assert verifies(delivery, new)
    assert verifies(delivery, key.webhook_secret)


def test_after_it_only_the_new_one_does(database: Database, key: MintedKey) -> None:
    new = rotated(database, key)
    change_key(database, key.id, previous_until_ms=now_ms() - 1)

    delivery = claimed_delivery(database, key)

    assert delivery.secrets == (new,)
    assert verifies(delivery, new)
    assert not verifies(delivery, key.webhook_secret)


def test_a_verifier_of_one_secret_has_until_the_end_of_the_grace_to_change_it(
    database: Database, key: MintedKey
) -> None:
    new = rotated(database, key)
    assert is_what_a_verifier_of_one_secret_expects(claimed_delivery(database, key), key.webhook_secret)

    change_key(database, key.id, previous_until_ms=now_ms() - 1)

    assert is_what_a_verifier_of_one_secret_expects(claimed_delivery(database, key), new)


def test_without_a_grace_the_old_one_is_out_at_once(database: Database, key: MintedKey) -> None:
    new = rotated(database, key, grace_seconds=0)

    assert claimed_delivery(database, key).secrets == (new,)


def test_a_second_rotation_ends_the_grace_of_the_first(database: Database, key: MintedKey) -> None:
    second, third = rotated(database, key), rotated(database, key)

    assert claimed_delivery(database, key).secrets == (third, second)


def test_a_delivery_that_was_born_before_is_signed_with_the_new_one_too(
    database: Database, key: MintedKey
) -> None:
    ended(database, api_key_id=key.id)
    new = rotated(database, key)

    (delivery,) = due(database)

    assert delivery.secrets == (new, key.webhook_secret)


def test_the_end_of_the_grace_is_told(database: Database, key: MintedKey) -> None:
    made = api_keys.rotate_secret(database, key.id, grace_seconds=DAY_SECONDS)

    assert made is not None
    assert abs(made.previous_until_ms / 1000 - time.time() - DAY_SECONDS) < 60


def test_nobody_else_s_secret_changes(database: Database, key: MintedKey) -> None:
    other = add_key(database)

    rotated(database, key)

    assert claimed_delivery(database, other).secrets == (other.webhook_secret,)


def test_a_key_that_is_revoked_or_not_there_gets_none(database: Database, key: MintedKey) -> None:
    api_keys.revoke(database, key.id)

    assert api_keys.rotate_secret(database, key.id, grace_seconds=0) is None
    assert api_keys.rotate_secret(database, "nobody", grace_seconds=0) is None
    assert claimed_delivery(database, key).secrets == (key.webhook_secret,)
