"""The sweeper process: leases, lost bells, retention, and the webhook sender. `python -m worker.sweep`

Any number of them may run: each of their moves is conditional.
"""

from __future__ import annotations

import signal
import sys
import threading
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
from app.settings import Settings, SettingsError
from worker import metricsport
from worker.webhooks import Desk, run_sender, send
from worker.workshop import Workshop

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0
#: Retention and orphans are looked at once in so many rounds.
CLEANING_ROUNDS = 60


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


def clean_once(shop: Workshop) -> None:
    """Removes what a crash left behind, and idempotency keys that are past their time."""
    idempotency.forget_old(shop.database)
    orphans = housekeeping.sweep_orphans(
        shop.database,
        shop.storage,
        shop.settings.data_dir,
        keep_failed_uploads_hours=shop.settings.keep_failed_uploads_hours,
    )
    if orphans:
        log.info("cleaned", orphans=orphans)


def run(shop: Workshop, stop: threading.Event) -> None:
    """Rounds until `stop`. A door that is closed is tried again in the next round.

    Where much is past its retention, each round removes a batch: lost workers are looked for in between.
    """
    rounds, more_to_expire = 0, False
    while not stop.wait(ROUND_SECONDS):
        is_cleaning_round = rounds % CLEANING_ROUNDS == 0
        try:
            sweep_once(shop)
            if more_to_expire or is_cleaning_round:
                more_to_expire = expire_once(shop)
            if is_cleaning_round:
                clean_once(shop)
        except Unavailable as error:
            log.warning("round skipped", reason=error.code)
        rounds += 1


def main() -> int:
    try:
        settings = Settings.load()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_format)
    metrics.keep(metricfiles.folder_of(settings.data_dir), "sweeper")
    shop = Workshop(settings)
    migrations.upgrade(shop.database)
    metricsport.serve(shop)
    stop = _stop_on_signal()
    sender = threading.Thread(target=_send, args=(shop, stop), name="sender")
    sender.start()
    run(shop, stop)
    sender.join()
    return 0


def _send(shop: Workshop, stop: threading.Event) -> None:
    policy, schedule = EgressPolicy.from_settings(shop.settings), shop.settings.webhook_retry_schedule
    desk = Desk(
        claim=partial(deliveries.claim_due, shop.database),
        send=lambda delivery: send(delivery, policy, clock.now_seconds(), schedule=schedule),
        record=partial(deliveries.record, shop.database),
        wait_for_bell=SenderBell(shop.settings.redis_url).wait,
    )
    run_sender(stop, desk)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


if __name__ == "__main__":
    sys.exit(main())
