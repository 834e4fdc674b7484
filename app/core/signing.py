"""Signatures: on webhook deliveries, and on the URLs a video is fetched from."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets as randomness
from collections.abc import Sequence
from functools import lru_cache
from importlib.metadata import version

USER_AGENT = f"Talkreel/{version('talkreel')}"

SECRET_PREFIX = "whsec_"  # noqa: S105 - a public marker, not a secret
SECRET_BYTES = 32

#: Ten digits reach the year 2286; int() of a longer text is a way to burn time.
_SECONDS = re.compile(r"[0-9]{1,10}")


def new_webhook_secret() -> str:
    """A fresh webhook secret, in the form Standard Webhooks 1.0.0 asks for."""
    return SECRET_PREFIX + base64.b64encode(randomness.token_bytes(SECRET_BYTES)).decode()


def webhook_headers(
    *, message_id: str, timestamp_seconds: int, body: bytes, event: str, secrets: Sequence[str]
) -> dict[str, str]:
    """The headers of one delivery try.

    `message_id` is the same on every try and holds no dot; `timestamp_seconds` is the try's own; `body` is
    what goes over the wire, byte for byte; `secrets` begins with the newest and has at least one. A header of
    one signature has that of the oldest: who verifies with one secret need change it only at the grace's end.

    Raises:
        ValueError: a secret is empty, or isn't base64, after its prefix.
    """
    signed = f"{message_id}.{timestamp_seconds}.".encode() + body
    return {
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "X-Webhook-Event": event,
        "X-Webhook-Signature": _plain_signature(body, secrets[-1]),
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_seconds),
        "webhook-signature": " ".join(_standard_signature(signed, secret) for secret in secrets),
    }


def webhook_is_signed(*, message_id: str, timestamp: str, body: bytes, signatures: str, secret: str) -> bool:
    """Whether one of `signatures` (the header's text) was made with `secret` by `webhook_headers`.

    Takes any text for the first two and `signatures`, and says False to what it can't read.

    Raises:
        ValueError: the secret is empty, or isn't base64, after its prefix.
    """
    if not _SECONDS.fullmatch(timestamp):
        return False
    expected = _standard_signature(_bytes(f"{message_id}.{timestamp}.") + body, secret)
    return any(hmac.compare_digest(_bytes(each), _bytes(expected)) for each in signatures.split())


def _plain_signature(body: bytes, secret: str) -> str:
    """Keyed with the whole secret as text, prefix and all: what existing verifiers do."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _standard_signature(signed: bytes, secret: str) -> str:
    """Standard Webhooks 1.0.0, "Signature scheme": keyed with the bytes the secret encodes."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    if not key:
        raise ValueError("an empty webhook secret")
    return "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


@lru_cache(maxsize=4096)
def sign_url_path(path: str, expires_at: int, key: bytes) -> str:
    """The query string that makes `path` fetchable until `expires_at` (Unix seconds)."""
    return f"expires={expires_at}&signature={_url_signature(path, str(expires_at), key)}"


def url_is_valid(path: str, expires: str, signature: str, *, now: int, key: bytes) -> bool:
    """Whether the two query values were made by `sign_url_path` for this path, and `now` is before their end.

    `now` is in Unix seconds. Takes any text for the other three, and says False to what it can't read.
    """
    if not _SECONDS.fullmatch(expires):
        return False
    expected = _url_signature(path, expires, key)
    return hmac.compare_digest(_bytes(signature), _bytes(expected)) and now < int(expires)


def _url_signature(path: str, expires: str, key: bytes) -> str:
    # The first line keeps these signatures apart from anything else the key may ever sign.
    signed = _bytes(f"talkreel-url-1\n{expires}\n{path}")
    return base64.urlsafe_b64encode(hmac.digest(key, signed, "sha256")).decode().rstrip("=")


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
