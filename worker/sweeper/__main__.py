"""The sweeper process: leases, lost messages, retention, and the webhook sender. `python -m worker.sweeper`

Any number of them may run: each of their moves is conditional.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from types import FrameType

import structlog

from app import logs
from app.config.settings import SettingsError
from app.config.startup import service_settings
from app.core import clock
from app.core.results import result_of
from app.database import migrations
from app.egress.http_client import EgressPolicy
from app.errors import Unavailable
from app.jobs import deletions, idempotency, lost_leases, orphans, retention
from app.jobs.requeue import Requeue
from app.metrics import counters, multiprocess
from app.queue.queues import SenderBell
from app.webhooks import deliveries
from worker.context import WorkerContext
from worker.sweeper import metrics_server, webhook_sender

log = structlog.get_logger(__name__)

ROUND_SECONDS = 1.0
#: How long a stopping process waits for each of its threads.
STOP_SECONDS = 7.0
#: Between looks at retention and orphans.
TIDYING_SECONDS = 60.0


class Rounds:
    """What a sweeper does round by round. A step that fails keeps no other from being done."""

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._requeue = Requeue(context.database, context.job_queue)

    def watch(self, stop: threading.Event) -> None:
        """Takes back what lost its worker and queues what waits unheard, until `stop`."""
        while not stop.wait(ROUND_SECONDS):
            self.watch_once()

    def watch_once(self) -> None:
        """A round, and its sign of life if all of it was done."""
        steps = {"reclaim": self._reclaim, "requeue": self._requeue.run_once}
        done = [has_succeeded(name, step) for name, step in steps.items()]
        if all(done):
            self._context.job_queue.tell_sweeper_round()

    def tidy(self, stop: threading.Event) -> None:
        """Removes what has had its time, until `stop`; apart from `watch`, as it may take a while."""
        pause_seconds = ROUND_SECONDS
        while not stop.wait(pause_seconds):
            pause_seconds = TIDYING_SECONDS
            self.tidy_once(lambda: not stop.is_set())

    def tidy_once(self, goes_on: Callable[[], bool]) -> None:
        """Removes batch by batch as long as it `goes_on`; then what a crash left behind."""
        has_succeeded("expire", lambda: _until_done(self._expire, goes_on))
        has_succeeded("purge", lambda: _until_done(self._purge, goes_on))
        has_succeeded("forget", lambda: idempotency.forget_old(self._context.database))
        has_succeeded("orphans", lambda: self._remove_orphans(goes_on))

    def _reclaim(self) -> None:
        context = self._context
        max_attempts = context.settings.max_attempts
        reclaimed = lost_leases.reclaim_expired(context.database, context.links, max_attempts=max_attempts)
        if reclaimed:
            log.warning("took back jobs of lost workers", jobs=reclaimed)
            counters.note("leases_lost", "expired", value=reclaimed)
            context.job_queue.notify_sender()

    def _expire(self) -> bool:
        """Removes a batch of what is past its retention. Returns whether there may be more."""
        context = self._context
        expired = retention.expire(
            context.database, context.storage, retention_days=context.settings.retention_days
        )
        if expired:
            log.info("expired", rows=expired)
        return expired == retention.BATCH

    def _purge(self) -> bool:
        """Removes a batch of deleted jobs past restoring. Returns whether there may be more."""
        purged = deletions.purge(self._context.database, self._context.storage)
        if purged:
            log.info("purged", jobs=purged)
        return purged == deletions.PURGE_BATCH

    def _remove_orphans(self, goes_on: Callable[[], bool]) -> None:
        context = self._context
        removed = orphans.sweep_orphans(
            context.database,
            context.storage,
            context.settings.data_dir,
            goes_on,
            keep_failed_uploads_hours=context.settings.keep_failed_uploads_hours,
        )
        if removed:
            log.info("cleaned", orphans=removed)


def has_succeeded(name: str, step: Callable[[], object]) -> bool:
    """Takes a step of a round; False if it failed, be it for a door that is closed or a mistake of ours."""
    match result_of(step):
        case Unavailable() as error:
            log.warning("step skipped", step=name, reason=error.code)
        case Exception() as error:
            log.error("step failed", step=name, exc_info=error)
        case _:
            return True
    counters.note("sweeper_errors", name)
    return False


def _until_done(remove_batch: Callable[[], bool], goes_on: Callable[[], bool]) -> None:
    while remove_batch() and goes_on():
        continue


def main() -> int:
    try:
        settings = service_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_format)
    counters.keep(multiprocess.folder_of(settings.data_dir), "sweeper")
    context = WorkerContext(settings)
    migrations.upgrade_or_exit(context.database)
    metrics_server.serve(context)
    stop = _stop_on_signal()
    rounds = Rounds(context)
    # Daemons: a thread that hangs must not keep alive a process that has nothing else to do.
    threads = [
        threading.Thread(target=send, args=(context, stop), name="send", daemon=True),
        threading.Thread(target=rounds.tidy, args=(stop,), name="tidy", daemon=True),
    ]
    for thread in threads:
        thread.start()
    rounds.watch(stop)
    for thread in threads:
        thread.join(STOP_SECONDS)
    return 0


def send(context: WorkerContext, stop: threading.Event) -> None:
    """Delivers webhooks until `stop`."""
    policy, schedule = EgressPolicy.from_settings(context.settings), context.settings.webhook_retry_schedule
    desk = webhook_sender.SenderDependencies(
        claim=partial(deliveries.claim_due, context.database),
        send=lambda delivery: webhook_sender.send(delivery, policy, clock.now_seconds(), schedule=schedule),
        record=partial(deliveries.record, context.database),
        wait_for_delivery=SenderBell(context.settings.redis_url).wait,
    )
    webhook_sender.run_sender(stop, desk)


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()

    def ask(_signal: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGTERM, ask)
    signal.signal(signal.SIGINT, ask)
    return stop


if __name__ == "__main__":
    sys.exit(main())
