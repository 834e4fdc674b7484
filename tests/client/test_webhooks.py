"""A webhook is believed only if it is the service's, and fresh."""

from __future__ import annotations

import json
import time

import pytest

from app.client import NotVerified, Talkreel, verify_webhook
from app.core.signing import new_webhook_secret, webhook_headers
from tests.client.played import status_object

SECRET = new_webhook_secret()
BODY = json.dumps(status_object(status="COMPLETED")).encode()


def signed(*secrets: str, body: bytes = BODY, age_seconds: int = 0) -> dict[str, str]:
    return webhook_headers(
        message_id="msg_1",
        timestamp_seconds=int(time.time()) - age_seconds,
        body=body,
        event="job.completed",
        secrets=secrets or [SECRET],
    )


def test_what_the_service_signs_is_believed() -> None:
    assert verify_webhook(BODY, signed(), SECRET).status == "COMPLETED"
    assert Talkreel.verify_webhook(BODY, signed(), SECRET).job_id == "abcdefgh1"


def test_header_names_may_be_written_in_any_case() -> None:
    shouted = {name.upper(): value for name, value in signed().items()}

    assert verify_webhook(BODY, shouted, SECRET)


def test_both_secrets_verify_while_one_is_rotated() -> None:
    new = new_webhook_secret()
    headers = signed(new, SECRET)

    assert verify_webhook(BODY, headers, SECRET)
    assert verify_webhook(BODY, headers, new)


@pytest.mark.parametrize("name", ["webhook-id", "webhook-timestamp", "webhook-signature"])
@pytest.mark.parametrize("value", [None, "", "1", "v1,AAAA", "ä"])
def test_a_header_that_is_missing_or_changed_is_not_believed(name: str, value: str | None) -> None:
    headers = signed()
    del headers[name]
    if value is not None:
        headers[name] = value

    with pytest.raises(NotVerified):
        verify_webhook(BODY, headers, SECRET)


def test_a_changed_body_or_another_secret_is_not_believed() -> None:
    with pytest.raises(NotVerified):
        verify_webhook(BODY + b" ", signed(), SECRET)
    with pytest.raises(NotVerified):
        verify_webhook(BODY, signed(), new_webhook_secret())


@pytest.mark.parametrize("age_seconds", [301, -310])
def test_an_old_webhook_is_not_believed_nor_one_of_the_future(age_seconds: int) -> None:
    with pytest.raises(NotVerified, match="too old"):
        verify_webhook(BODY, signed(age_seconds=age_seconds), SECRET)


def test_what_is_signed_but_no_status_object_is_not_believed() -> None:
    with pytest.raises(NotVerified, match="status object"):
        verify_webhook(b"{}", signed(body=b"{}"), SECRET)


@pytest.mark.parametrize("secret", ["", "whsec_", "whsec_not base64", "ä"])
def test_what_is_no_secret_verifies_nothing(secret: str) -> None:
    with pytest.raises(NotVerified, match="not a webhook secret"):
        verify_webhook(BODY, signed(), secret)
