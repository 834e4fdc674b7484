"""What is counted, process by process, and summed over a machine's processes for `/metrics`.

What the database knows is not counted but asked for, by `app.operations.exporter`.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import structlog
from prometheus_client import Counter, Histogram, values

from app.metrics.multiprocess import Slot, drop_damaged

log = structlog.get_logger(__name__)

Measure = Counter | Histogram
#: Hears a measure's name, its labels and the value.
Outlet = Callable[[str, tuple[str, ...], float], None]

# Each has labels, so that nothing is written before `keep` says where.
REQUESTS = Counter(
    "talkreel_http_requests", "Requests answered.", ("method", "route", "status"), registry=None
)
REQUEST_SECONDS = Histogram(
    "talkreel_http_request_seconds",
    "From a request's head to its answer's.",
    ("route",),
    registry=None,
    buckets=(0.005, 0.02, 0.05, 0.1, 0.25, 1, 5, 30),
)
STAGE_SECONDS = Histogram(
    "talkreel_render_stage_seconds",
    "What each stage of a finished render took.",
    ("engine", "stage"),
    registry=None,
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 1800),
)
ATTEMPTS = Counter(
    "talkreel_render_attempts", "Renders begun, by how they ended.", ("outcome",), registry=None
)
LEASES_LOST = Counter(
    "talkreel_leases_lost",
    "Jobs that lost their worker, by how that was noticed.",
    ("noticed",),
    registry=None,
)
SWEEPER_ERRORS = Counter(
    "talkreel_sweeper_errors", "Steps of the sweeper's rounds that failed.", ("step",), registry=None
)
MACHINE_FAULTS = Counter(
    "talkreel_machine_faults",
    "Renders that came to nothing because a part of the machine was ill.",
    ("part",),
    registry=None,
)
CONNECTION_ERRORS = Counter(
    "talkreel_connection_errors",
    "Errors that ended one connection, by the callback of the event loop that failed.",
    ("callback",),
    registry=None,
)
WEBHOOK_TRIES = Counter("talkreel_webhook_tries", "Webhooks sent, by outcome.", ("outcome",), registry=None)
WEBHOOK_SECONDS = Histogram(
    "talkreel_webhook_seconds",
    "From a webhook's POST to its answer.",
    ("outcome",),
    registry=None,
    buckets=(0.05, 0.25, 1, 5, 15),
)

_BY_NAME: dict[str, Measure] = {
    "requests": REQUESTS,
    "request_seconds": REQUEST_SECONDS,
    "stage_seconds": STAGE_SECONDS,
    "attempts": ATTEMPTS,
    "leases_lost": LEASES_LOST,
    "sweeper_errors": SWEEPER_ERRORS,
    "machine_faults": MACHINE_FAULTS,
    "connection_errors": CONNECTION_ERRORS,
    "webhook_tries": WEBHOOK_TRIES,
    "webhook_seconds": WEBHOOK_SECONDS,
}


class _Keeping:
    """Where this process counts."""

    slot: Slot | None = None
    outlet: Outlet | None = None


def keep(folder: Path, kind: str) -> None:
    """Counts in files of `folder` from here on, as the next process of its kind. Once, and after the fork.

    Without it, or without room on the disk, counts are the process's own and nobody sees them.
    """
    try:
        slot = _Keeping.slot = Slot(folder, kind)
        drop_damaged(folder)
        slot.reserve()
    except OSError as error:
        log.warning("metrics are not kept", reason=str(error))
        return
    # It reads the variable whenever it opens a file, but has chosen the class when it was imported.
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: slot.name)  # type: ignore[no-untyped-call]


def hand_over(outlet: Outlet) -> None:
    """Has everything that this process notes told to another one: files of its own would outlive it."""
    _Keeping.outlet = outlet


def note(name: str, *labels: str, value: float = 1.0) -> None:
    """Adds to a counter, or observes a value, by its name without prefix, such as `attempts`."""
    if _Keeping.outlet:
        _Keeping.outlet(name, labels, value)
        return
    measure = _BY_NAME[name]
    if isinstance(measure, Counter):
        measure.labels(*labels).inc(value)
    else:
        measure.labels(*labels).observe(value)
