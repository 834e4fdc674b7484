"""The webhook sender: claims due deliveries, sends each, records what came of it.

Delivery is at least once: a sender that dies between the POST and the record leaves a claim that runs out,
and the delivery is sent again under the same `webhook-id`.
"""

from __future__ import annotations

import contextlib
import random
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import structlog

from app.core import failpoints
from app.core.results import result_of
from app.core.signing import webhook_headers
from app.egress.http_client import Answer, EgressError, EgressPolicy, Resolve, lookup, post
from app.metrics import counters
from app.webhooks import retry_policy
from app.webhooks.retry_policy import ClaimedDelivery, Delivered, DeliveryAttempt, GiveUp, Outcome, RetryAt
from worker.sweeper.host_limits import HostLimits

log = structlog.get_logger(__name__)

AT_ONCE = 8
AT_ONCE_FOR_ONE_HOST = 2
#: Few, as they may all be for one host: the last of them starts well before its claim runs out.
CLAIM_AT_ONCE = 4
HELD_AT_MOST = 2 * AT_ONCE

LOOK_SECONDS = 1.0
#: After a notice that never came, or can't be listened to.
BELL_REST_SECONDS = 0.1
#: What is still under way at the end of this is sent again by the next sender.
DRAIN_SECONDS = 5.0


@dataclass(frozen=True)
class SenderDependencies:
    """What the sender asks of the rest of the service.

    `claim(limit, full_hosts)` gives due deliveries, none for a `ClaimedDelivery.host` in `full_hosts`;
    `send` tries one; `record` writes the try down; `wait_for_delivery(timeout_seconds)` says whether it rang.
    """

    claim: Callable[[int, frozenset[str]], Sequence[ClaimedDelivery]]
    send: Callable[[ClaimedDelivery], DeliveryAttempt]
    record: Callable[[ClaimedDelivery, DeliveryAttempt], object]
    wait_for_delivery: Callable[[float], bool]


def send(
    delivery: ClaimedDelivery,
    policy: EgressPolicy,
    now_seconds: float,
    *,
    schedule: Sequence[int],
    resolve: Resolve = lookup,
) -> DeliveryAttempt:
    """One try: signs the delivery's bytes as of `now_seconds` (Unix time), posts them, judges the answer.

    Never raises: what goes wrong is an outcome, too.
    """
    begun = time.monotonic()
    result = _try(delivery, policy, now_seconds, resolve)
    took_ms = round((time.monotonic() - begun) * 1000)
    jitter = random.uniform(0.9, 1.1)  # noqa: S311 - spreads load, hides nothing
    outcome = retry_policy.outcome_of(
        result, tries=delivery.tries, schedule=schedule, jitter=jitter, now_seconds=now_seconds
    )
    return DeliveryAttempt.of(result, took_ms, outcome)


def _try(
    delivery: ClaimedDelivery, policy: EgressPolicy, now_seconds: float, resolve: Resolve
) -> Answer | EgressError:
    match result_of(partial(_posted, delivery, policy, now_seconds, resolve)):
        case EgressError() as error:
            log.info("webhook not answered", why=error.error_class, detail=str(error))
            return error
        case Exception() as error:
            # A mistake of ours has to use up the schedule like any failure, or it would go on for ever.
            log.error("webhook try broke", exc_info=error)
            return EgressError(str(error))
        case answer:
            return answer


def _posted(delivery: ClaimedDelivery, policy: EgressPolicy, now_seconds: float, resolve: Resolve) -> Answer:
    headers = webhook_headers(
        message_id=delivery.id,
        timestamp_seconds=int(now_seconds),
        body=delivery.body,
        event=delivery.event,
        secrets=delivery.secrets,
    )
    return post(delivery.url, delivery.body, headers, policy=policy, resolve=resolve)


def run_sender(stop: threading.Event, desk: SenderDependencies) -> None:
    """Sends what is due until `stop`, then waits up to DRAIN_SECONDS for what is under way."""
    lanes = HostLimits(at_once=AT_ONCE, at_once_for_one_host=AT_ONCE_FOR_ONE_HOST)
    wake = threading.Event()
    threading.Thread(target=_listen, args=(stop, desk, wake), name="webhook-listener", daemon=True).start()
    while not stop.is_set():
        wake.clear()
        more_may_be_due = _claim(desk, lanes)
        _start_ready(desk, lanes, wake)
        if not more_may_be_due:
            wake.wait(LOOK_SECONDS)
    if not lanes.wait_until_idle(DRAIN_SECONDS):
        log.warning("left deliveries under way", held=lanes.held())


def _listen(stop: threading.Event, desk: SenderDependencies, wake: threading.Event) -> None:
    while not stop.is_set():
        is_told = False
        with _surviving("listening for deliveries broke"):
            is_told = desk.wait_for_delivery(LOOK_SECONDS)
        if is_told:
            wake.set()
        else:
            stop.wait(BELL_REST_SECONDS)


def _claim(desk: SenderDependencies, lanes: HostLimits) -> bool:
    """Whether there may be more due, and room for it, right now."""
    room = min(CLAIM_AT_ONCE, HELD_AT_MOST - lanes.held())
    claimed: Sequence[ClaimedDelivery] = ()
    if room > 0:
        with _surviving("claiming webhooks broke"):
            claimed = desk.claim(room, lanes.full_hosts())
    for delivery in claimed:
        lanes.add(delivery)
    return len(claimed) == room > 0


def _start_ready(desk: SenderDependencies, lanes: HostLimits, wake: threading.Event) -> None:
    """A thread for each: they are few, and one that is left behind must not keep the process from ending."""
    while delivery := lanes.next():
        threading.Thread(
            target=_deliver, args=(desk, lanes, wake, delivery), name="webhook", daemon=True
        ).start()


def _deliver(
    desk: SenderDependencies, lanes: HostLimits, wake: threading.Event, delivery: ClaimedDelivery
) -> None:
    known = structlog.contextvars.bound_contextvars(delivery_id=delivery.id, job_id=delivery.job_id)
    with known, _surviving("delivering a webhook broke"):
        tried = desk.send(delivery)
        failpoints.reach("after_post")
        log.info(
            "webhook tried",
            host=delivery.host,
            tries=delivery.tries + 1,
            outcome=repr(tried.outcome),
            ms=tried.took_ms,
        )
        _count(tried)
        desk.record(delivery, tried)
    lanes.done(delivery)
    wake.set()


def _count(tried: DeliveryAttempt) -> None:
    outcome = _word_of(tried.outcome)
    counters.note("webhook_tries", outcome)
    counters.note("webhook_seconds", outcome, value=tried.took_ms / 1000)


def _word_of(outcome: Outcome) -> str:
    match outcome:
        case Delivered():
            return "delivered"
        case RetryAt():
            return "retried_later"
        case GiveUp():
            return "given_up"


@contextlib.contextmanager
def _surviving(what: str) -> Iterator[None]:
    """The sender outlives a database or a Redis that is gone: what was claimed is due again by itself."""
    try:
        yield
    except Exception:
        # Nothing narrower covers both of them and our own mistakes.
        log.exception(what)
