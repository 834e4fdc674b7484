"""What a try to deliver a webhook came to: a value, decided here, not an exception on its way up."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime

from app.egress.http_client import Answer, EgressError
from app.egress.urls import host_of

MAX_RETRY_AFTER_SECONDS = 86_400
#: RFC 9110, section 15.5.11: the receiver is gone for good. Standard Webhooks 1.0.0 takes it as "stop".
GONE = 410
#: The statuses whose Retry-After is heeded.
BUSY = frozenset({429, 503})


@dataclass(frozen=True)
class ClaimedDelivery:
    """A delivery claimed for one try.

    `body` goes over the wire as it is; `tries` were made before this one, since the schedule began; `secrets`
    begins with the newest.
    """

    id: str
    claim_token: str
    url: str
    event: str
    body: bytes = field(repr=False)
    tries: int
    secrets: tuple[str, ...] = field(repr=False)
    job_id: str

    @property
    def host(self) -> str:
        """The receiver, as the limit for each host counts it."""
        return host_of(self.url)


@dataclass(frozen=True)
class Delivered:
    """The receiver answered `status`, a 2xx."""

    status: int


@dataclass(frozen=True)
class RetryAt:
    """Failed for `reason` (`http_500`, or an `EgressError.error_class`); due again in `delay_seconds`."""

    delay_seconds: float
    reason: str


@dataclass(frozen=True)
class GiveUp:
    """Failed for `reason`, and not to be tried again."""

    reason: str


Outcome = Delivered | RetryAt | GiveUp


@dataclass(frozen=True)
class DeliveryAttempt:
    """A try that is over, and what follows from it.

    `status` is the answer's; without an answer it is None, and `error` is the `EgressError.error_class`.
    """

    outcome: Outcome
    status: int | None
    error: str | None
    took_ms: int

    @classmethod
    def of(cls, result: Answer | EgressError, took_ms: int, outcome: Outcome) -> DeliveryAttempt:
        if isinstance(result, Answer):
            return cls(outcome, result.status, None, took_ms)
        return cls(outcome, None, result.error_class, took_ms)


def outcome_of(
    result: Answer | EgressError, *, tries: int, schedule: Sequence[int], jitter: float, now_seconds: float
) -> Outcome:
    """Decides on the try that came after `tries` others.

    `schedule[n]` is the delay in seconds after try number n, counted from 0; `jitter` stretches it (0.9 to
    1.1); `now_seconds` is Unix time, to which a Retry-After date is compared.
    """
    if isinstance(result, Answer) and 200 <= result.status <= 299:
        return Delivered(result.status)
    reason = f"http_{result.status}" if isinstance(result, Answer) else result.error_class
    if tries >= len(schedule) or (isinstance(result, Answer) and result.status == GONE):
        return GiveUp(reason)
    asked_seconds = _asked_seconds(result, now_seconds) if isinstance(result, Answer) else 0
    return RetryAt(max(schedule[tries] * jitter, asked_seconds), reason)


def _asked_seconds(answer: Answer, now_seconds: float) -> float:
    """How long a busy receiver asks us to wait: RFC 9110, section 10.2.3. What can't be read is no wish."""
    if answer.status not in BUSY or answer.retry_after is None:
        return 0
    text = answer.retry_after.strip()
    seconds = float(text) if re.fullmatch(r"[0-9]{1,12}", text) else _seconds_until(text, now_seconds)
    return min(max(seconds, 0), MAX_RETRY_AFTER_SECONDS)


def _seconds_until(http_date: str, now_seconds: float) -> float:
    try:
        date = parsedate_to_datetime(http_date)
        # Without a zone it is GMT, as HTTP dates are; "-0000" is read as that too.
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now_seconds
    except (ValueError, OverflowError):
        return 0
