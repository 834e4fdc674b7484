"""What to do with a webhook before believing it."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import ValidationError

from app.client.errors import NotVerified
from app.client.results import Status
from app.core import clock, signing

TOLERANCE_SECONDS = 300


def verify_webhook(
    body: bytes, headers: Mapping[str, str], secret: str, *, tolerance_seconds: float = TOLERANCE_SECONDS
) -> Status:
    """The job's status object, once it is certain that the service has sent it, and lately.

    `body` is what came over the wire, byte for byte; the names of `headers` may be written in any case;
    `secret` is the key's `webhookSecret`.

    Raises:
        NotVerified: it is forged, changed, or older (or newer) than `tolerance_seconds`.
    """
    given = {name.lower(): value for name, value in headers.items()}
    timestamp = given.get("webhook-timestamp", "")
    if not _is_signed(body, given, timestamp, secret):
        raise NotVerified("The webhook's signature is not one made with this secret.")
    if abs(clock.now_seconds() - int(timestamp)) > tolerance_seconds:
        raise NotVerified("The webhook is too old, or a clock is wrong.")
    try:
        return Status.model_validate_json(body)
    except ValidationError:
        raise NotVerified("The webhook's body is not a status object.") from None


def _is_signed(body: bytes, given: Mapping[str, str], timestamp: str, secret: str) -> bool:
    try:
        return signing.webhook_is_signed(
            message_id=given.get("webhook-id", ""),
            timestamp=timestamp,
            body=body,
            signatures=given.get("webhook-signature", ""),
            secret=secret,
        )
    except ValueError:
        raise NotVerified("The secret is not a webhook secret: whsec_ and base64.") from None
