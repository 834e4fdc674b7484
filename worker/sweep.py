"""The sweeper process: leases, lost bells, retention, and the webhook sender. `python -m worker.sweep`

Any number of them may run: each of their moves is conditional.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType

import structlog

from app import (
    clock,
    deliveries,
    housekeeping,
    idempotency,
    leases,
    logs,
    metricfiles,
    metrics,
    migrations,
)
from app.egress import EgressPolicy
from app.errors import Unavailable
from app.queues import SenderBell
from app.settings import SettingsError
from app.startup import service_settings
from worker import metricsport, webhooks
from worker.workshop import Workshop

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0
#: Between looks at retention and orphans.
TIDYING_SECONDS = 60.0


def sweep_once(shop: Workshop) -> None:
    """Puts back what lost its worker, then rings for what waits unheard."""
    reclaimed = leases.reclaim_expired(shop.database, shop.links, max_attempts=shop.settings.max_attempts)
    if reclaimed:
        log.warning("took back jobs of lost workers", jobs=reclaimed)
        metrics.note("leases_lost", "expired", value=reclaimed)
        shop.doorbell.ring_sender()
    housekeeping.ring_unheard(shop.database, shop.doorbell)


def expire_once(shop: Workshop) -> bool:
    """Removes a batch of what is past its retention. Returns whether there may be more."""
    expired = housekeeping.expire(shop.database, shop.storage, retention_days=shop.settings.retention_days)
    if expired:
        log.info("expired", jobs=expired)
    return expired == housekeeping.BATCH


def clean_once(shop: Workshop, goes_on: Callable[[], bool] = lambda: True) -> None:
    """Removes what a crash left behind, and idempotency keys that are past their time."""
    idempotency.forget_old(shop.database)
    orphans = housekeeping.sweep_orphans(
        shop.database,
        shop.storage,
        shop.settings.data_dir,
        goes_on,
        keep_failed_uploads_hours=shop.settings.keep_failed_uploads_hours,
    )
    if orphans:
        log.info("cleaned", orphans=orphans)


def watch(shop: Workshop, stop: threading.Event) -> None:
    """Rounds until `stop`. A door that is closed is tried again in the next round."""
    while not stop.wait(ROUND_SECONDS):
        with _outages_logged():
            sweep_once(shop)


def tidy(shop: Workshop, stop: threading.Event) -> None:
    """Removes until `stop` what has had its time. Apart from `watch`: it may take longer than a lease."""
    pause_seconds = ROUND_SECONDS
    while not stop.wait(pause_seconds):
        pause_seconds = TIDYING_SECONDS
        with _outages_logged():
            while expire_once(shop) and not stop.is_set():
                pass
            clean_once(shop, goes_on=lambda: not stop.is_set())


@contextmanager
def _outages_logged() -> Iterator[None]:
    try:
        yield
    except Unavailable as error:
        log.warning("round skipped", reason=error.code)


def main() -> int:
    try:
        settings = service_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_format)
    metrics.keep(metricfiles.folder_of(settings.data_dir), "sweeper")
    shop = Workshop(settings)
    migrations.upgrade_or_exit(shop.database)
    metricsport.serve(shop)
    stop = _stop_on_signal()
    threads = [threading.Thread(target=each, args=(shop, stop), name=each.__name__) for each in (send, tidy)]
    for thread in threads:
        thread.start()
    watch(shop, stop)
    for thread in threads:
        thread.join()
    return 0


def send(shop: Workshop, stop: threading.Event) -> None:
    """Delivers webhooks until `stop`."""
    policy, schedule = EgressPolicy.from_settings(shop.settings), shop.settings.webhook_retry_schedule
    desk = webhooks.Desk(
        claim=partial(deliveries.claim_due, shop.database),
        send=lambda delivery: webhooks.send(delivery, policy, clock.now_seconds(), schedule=schedule),
        record=partial(deliveries.record, shop.database),
        wait_for_bell=SenderBell(shop.settings.redis_url).wait,
    )
    webhooks.run_sender(stop, desk)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


if __name__ == "__main__":
    sys.exit(main())
