from __future__ import annotations

import base64
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from app.core import signing
from app.core.signing import new_webhook_secret, sign_url_path, url_is_valid, webhook_headers

#: The vector that the reference libraries of Standard Webhooks test themselves with (`test_sign_function`).
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP_SECONDS = 1_614_265_330
BODY = b'{"test": 2432232314}'

KEY = b"url key"
PATH = "/files/job1/video.mp4"
EXPIRES_AT = 1_800_000_000
#: printf 'talkreel-url-1\n1800000000\n/files/job1/video.mp4' | openssl dgst -sha256 -hmac 'url key' -binary
URL_SIGNATURE = "V1X2O7GBG4gXIZJWnQS1Xfx7dkkBU3_MbE5sOGbQiNg"


def headers_of(
    body: bytes = BODY, *, at: int = TIMESTAMP_SECONDS, secrets: tuple[str, ...]
) -> dict[str, str]:
    return webhook_headers(
        message_id=MESSAGE_ID, timestamp_seconds=at, body=body, event="job.completed", secrets=secrets
    )


def test_the_standard_signature_matches_the_reference_vector() -> None:
    headers = headers_of(secrets=(SECRET,))
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert headers["webhook-id"] == MESSAGE_ID
    assert headers["webhook-timestamp"] == "1614265330"


def test_the_plain_signature_is_keyed_with_the_whole_secret_as_text() -> None:
    # printf '{"test": 2432232314}' | openssl dgst -sha256 -hmac 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    expected = "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c"
    assert headers_of(secrets=(SECRET,))["X-Webhook-Signature"] == expected


def test_the_other_headers_name_the_event_the_type_and_us() -> None:
    headers = headers_of(secrets=(SECRET,))
    assert headers["X-Webhook-Event"] == "job.completed"
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("Talkreel/")


def test_the_public_library_verifies_a_fresh_secret() -> None:
    secret = new_webhook_secret()
    headers = headers_of(at=int(time.time()), secrets=(secret,))
    assert Webhook(secret).verify(BODY, headers) == {"test": 2432232314}


def test_the_public_library_refuses_a_changed_body() -> None:
    secret = new_webhook_secret()
    headers = headers_of(at=int(time.time()), secrets=(secret,))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(BODY.replace(b"4", b"5"), headers)


def test_both_secrets_verify_while_one_replaces_the_other() -> None:
    new, old = new_webhook_secret(), new_webhook_secret()
    headers = headers_of(at=int(time.time()), secrets=(new, old))
    Webhook(new).verify(BODY, headers)
    Webhook(old).verify(BODY, headers)
    assert headers["X-Webhook-Signature"] == headers_of(secrets=(old,))["X-Webhook-Signature"]


def test_a_secret_that_is_not_base64_signs_nothing() -> None:
    with pytest.raises(ValueError, match="base64"):
        headers_of(secrets=("whsec_*",))


def test_a_secret_is_32_random_bytes_in_base64() -> None:
    first, second = new_webhook_secret(), new_webhook_secret()
    assert first != second
    assert first.startswith("whsec_")
    assert len(base64.b64decode(first.removeprefix("whsec_"), validate=True)) == signing.SECRET_BYTES == 32


def test_a_signed_url_matches_the_golden_vector() -> None:
    assert sign_url_path(PATH, EXPIRES_AT, KEY) == f"expires=1800000000&signature={URL_SIGNATURE}"


@pytest.mark.parametrize(("now", "valid"), [(0, True), (EXPIRES_AT - 1, True), (EXPIRES_AT, False)])
def test_a_url_is_valid_until_it_expires(now: int, valid: bool) -> None:
    assert url_is_valid(PATH, str(EXPIRES_AT), URL_SIGNATURE, now=now, key=KEY) is valid


@pytest.mark.parametrize(
    ("path", "expires", "signature", "key"),
    [
        ("/files/job2/video.mp4", "1800000000", URL_SIGNATURE, KEY),
        (PATH, "1800000001", URL_SIGNATURE, KEY),
        (PATH, "01800000000", URL_SIGNATURE, KEY),
        (PATH, " 1800000000", URL_SIGNATURE, KEY),
        (PATH, "1800000000\n", URL_SIGNATURE, KEY),
        (PATH, "18e8", URL_SIGNATURE, KEY),
        (PATH, "-1", URL_SIGNATURE, KEY),
        (PATH, "१८०००००००", URL_SIGNATURE, KEY),
        (PATH, "9" * 5000, URL_SIGNATURE, KEY),
        (PATH, "", URL_SIGNATURE, KEY),
        (PATH, "1800000000", URL_SIGNATURE + "=", KEY),
        (PATH, "1800000000", URL_SIGNATURE[:-1], KEY),
        (PATH, "1800000000", "é\udcff", KEY),
        (PATH, "1800000000", "", KEY),
        (PATH, "1800000000", URL_SIGNATURE, b"another key"),
    ],
)
def test_a_changed_url_is_not_valid(path: str, expires: str, signature: str, key: bytes) -> None:
    assert not url_is_valid(path, expires, signature, now=0, key=key)


@settings(deadline=None)
@given(path=st.text(), expires=st.text(), signature=st.text())
def test_no_garbage_is_valid_or_breaks_the_check(path: str, expires: str, signature: str) -> None:
    assert not url_is_valid(path, expires, signature, now=0, key=KEY)
