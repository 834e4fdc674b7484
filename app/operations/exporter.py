"""What `/metrics` says: what this machine's processes counted, and what database, Redis and disk say now.

The format is Prometheus' text format, version 0.0.4.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from app.core.deadlines import TooSlow, within
from app.database.database import Database
from app.errors import Unavailable
from app.metrics import multiprocess
from app.operations import overview
from app.operations.overview import QueueStats, Totals
from app.queue.queues import JobQueue

#: A part that doesn't answer by then is left out, and said to be down.
SECONDS = 3.0


def scrape(data_dir: Path, database: Database, job_queue: JobQueue) -> bytes:
    """Everything there is to say. Never raises for a part that is down: `talkreel_part_up` says so."""
    registry = CollectorRegistry()
    folder = multiprocess.folder_of(data_dir)
    if folder.is_dir():
        MultiProcessCollector(registry, str(folder))  # type: ignore[no-untyped-call]
    registry.register(_DatabaseCollector(data_dir, database, job_queue))
    return generate_latest(registry)


class _DatabaseCollector(Collector):
    """What is not counted but asked for. It is the same on every machine, but for the disk."""

    def __init__(self, data_dir: Path, database: Database, job_queue: JobQueue) -> None:
        self._data_dir = data_dir
        self._database = database
        self._job_queue = job_queue

    def describe(self) -> list[Metric]:
        """Nothing is asked for before it is wanted."""
        return []

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("talkreel_part_up", "Whether a part could be asked: 1, or 0.", labels=["part"])
        told = self._of_database()
        up.add_metric(["database"], float(told is not None))
        yield from told or ()
        workers = self._job_queue.workers()
        up.add_metric(["redis"], float(workers is not None))
        if workers is not None:
            yield GaugeMetricFamily(
                "talkreel_workers", "Render workers that gave a sign of life.", value=len(workers)
            )
            yield GaugeMetricFamily(
                "talkreel_workers_paused",
                "Render workers that begin no job while their machine is ill.",
                value=sum(worker.paused_by is not None for worker in workers),
            )
            yield from _of_sweeper(self._job_queue)
        yield from _of_disk(self._data_dir)
        yield up

    def _of_database(self) -> list[Metric] | None:
        try:
            return within(SECONDS, lambda: _of_database(self._database))
        except (Unavailable, TooSlow):
            return None


def _of_sweeper(job_queue: JobQueue) -> Iterator[Metric]:
    """Left out where none is alive."""
    with suppress(RedisError):
        age_seconds = job_queue.sweeper_age_seconds()
        if age_seconds is not None:
            yield GaugeMetricFamily(
                "talkreel_sweeper_round_age_seconds", "Since a sweeper finished a round.", value=age_seconds
            )


def _of_database(database: Database) -> list[Metric]:
    return [*_of_depth(overview.depth(database)), *_of_totals(overview.totals(database))]


def _of_depth(depth: QueueStats) -> Iterator[Metric]:
    jobs = GaugeMetricFamily("talkreel_jobs", "Jobs at hand, by status.", labels=["status"])
    jobs.add_metric(["PENDING"], depth.pending)
    jobs.add_metric(["PROCESSING"], depth.processing)
    yield jobs
    for name, text, value in (
        (
            "talkreel_oldest_pending_seconds",
            "Age of the oldest pending job.",
            depth.oldest_pending_seconds,
        ),
        ("talkreel_webhooks_pending", "Webhooks not yet delivered.", depth.webhooks_pending),
        (
            "talkreel_oldest_webhook_due_seconds",
            "For how long the next webhook has been due.",
            depth.oldest_webhook_due_seconds,
        ),
    ):
        yield GaugeMetricFamily(name, text, value=value)


def _of_totals(totals: Totals) -> Iterator[Metric]:
    ends = CounterMetricFamily("talkreel_jobs_ended", "Jobs that ended, by status.", labels=["status"])
    for status in ("completed", "failed", "cancelled"):
        ends.add_metric([status.upper()], getattr(totals, status))
    yield ends
    for name, text, value in (
        ("talkreel_jobs_submitted", "Jobs accepted.", totals.submitted),
        ("talkreel_output_seconds", "Length of the finished videos.", totals.output_seconds),
        ("talkreel_render_seconds", "What workers spent, by the clock.", totals.render_seconds),
        ("talkreel_cpu_seconds", "What workers spent, of processor time.", totals.cpu_seconds),
        ("talkreel_upload_bytes", "Size of the files that came.", totals.bytes_in),
        ("talkreel_output_bytes", "Size of the finished videos.", totals.bytes_out),
    ):
        yield CounterMetricFamily(name, text, value=value)


def _of_disk(data_dir: Path) -> Iterator[Metric]:
    usage = shutil.disk_usage(data_dir)
    yield GaugeMetricFamily("talkreel_disk_free_bytes", "Room where DATA_DIR is.", value=usage.free)
    yield GaugeMetricFamily(
        "talkreel_disk_size_bytes", "Size of the disk where DATA_DIR is.", value=usage.total
    )
