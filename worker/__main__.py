"""The worker process: an RQ worker that renders one job at a time, or helps with one. `python -m worker`"""

from __future__ import annotations

import signal
import sys
import time
from resource import struct_rusage
from typing import Any

import structlog
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from app import logs
from app.config.settings import Settings, SettingsError
from app.database import migrations
from app.jobs import lost_leases, orphans, render_logs, segments
from app.jobs.segments import SegmentLease
from app.keys.usage import CpuTime
from app.metrics import counters, multiprocess
from app.queue.queues import SEGMENT_TASK, patient_redis, render_queue, segment_queue
from app.queue.render_workers import mark_paused
from worker.execution import cpu_usage, machine
from worker.execution.circuit_breaker import CircuitBreaker
from worker.execution.metrics_pipe import MetricsPipe
from worker.execution.tasks import worker_context
from worker.sandbox import isolation

log = structlog.get_logger(__name__)

#: Without a sign of life for this long, `/ready` no longer counts the worker.
WORKER_TTL_SECONDS = 25
MONITORING_SECONDS = 10


class RenderWorker(Worker):
    """RQ's forking worker, with four habits that RQ lacks.

    Its horse dies with it, SIGTERM hands the job back at once, a killed horse frees its job at once, and what
    a horse counted is not lost with it. While its machine is ill it begins no job.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._breaker = CircuitBreaker()

    def dequeue_job_and_maintain_ttl(
        self, timeout: int | None, max_idle_time: int | None = None
    ) -> tuple[Job, Queue] | None:
        self._wait_until_well()
        return super().dequeue_job_and_maintain_ttl(timeout, max_idle_time)

    def _wait_until_well(self) -> None:
        """Shows itself as paused, with signs of life, until the pause is over and a look finds all well."""
        while self._breaker.part:
            mark_paused(self.connection, self.key, self._breaker.part)
            self.heartbeat()
            time.sleep(min(self._breaker.remaining_seconds, MONITORING_SECONDS))
            if self._breaker.remaining_seconds:
                continue
            if part := machine.part_that_is_ill(worker_context()):
                self._breaker.trip(part)
            else:
                break
        mark_paused(self.connection, self.key, "")

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        isolation.die_with(self.pid or 0)
        self._tube.speak()
        super().main_work_horse(job, queue)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        self._forked_at = time.monotonic()
        self._tube = MetricsPipe()
        super().fork_work_horse(job, queue)
        if self._stop_requested:
            self.kill_horse(signal.SIGTERM)

    def monitor_work_horse(self, job: Job, queue: Queue) -> None:
        super().monitor_work_horse(job, queue)
        faults = [note.labels[0] for note in self._tube.listen() if note.name == "machine_faults"]
        if faults:
            log.warning("paused: this machine is ill", part=faults[0])
            self._breaker.trip(faults[0])
        else:
            self._breaker.reset()

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def handle_work_horse_killed(self, job: Job, _pid: int, _code: int, used: struct_rusage) -> None:
        effort = cpu_usage.of_dead(self._forked_at, used)
        is_help = job.func_name == SEGMENT_TASK
        lost = _lose_segment(effort, *job.args) if is_help else _lose_job(effort, *job.args)
        with logs.tail() as tail:
            log.warning("horse killed", task=job.func_name, job_id=job.args[0], was_held=lost)
        if lost and not is_help:
            counters.note("leases_lost", "horse_killed")
            render_logs.keep(worker_context().database, job.args[0], tail.lines)
        _sweep_scratch()


def _lose_job(effort: CpuTime, job_id: str, generation: int) -> bool:
    context = worker_context()
    return lost_leases.lose_dead(
        context.database,
        job_id,
        generation,
        context.links,
        effort,
        max_attempts=context.settings.max_attempts,
    )


def _lose_segment(effort: CpuTime, job_id: str, number: int, token: str) -> bool:
    return segments.lose(worker_context().database, SegmentLease(job_id, number, token), effort)


def _sweep_scratch() -> None:
    orphans.sweep_scratch(worker_context().database, worker_context().settings.data_dir)


def main() -> int:
    try:
        settings = worker_context().settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_format)
    counters.keep(multiprocess.folder_of(settings.data_dir), "worker")
    if holes := isolation.holes():
        log.warning("this kernel holds ffmpeg in part only", open=holes)
    migrations.upgrade_or_exit(worker_context().database)
    _sweep_scratch()
    _work(settings)
    return 0


def _work(settings: Settings) -> None:
    connection = patient_redis(settings.redis_url)
    worker = RenderWorker(
        # In this order: a new job comes before help with another.
        [render_queue(connection), segment_queue(connection)],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
        job_monitoring_interval=MONITORING_SECONDS,
        log_job_description=False,
    )
    # Its horses' lines have it too.
    structlog.contextvars.bind_contextvars(worker=worker.name)
    worker.work(logging_level="WARNING")


if __name__ == "__main__":
    sys.exit(main())
