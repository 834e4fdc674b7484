"""The worker process: an RQ worker that renders one job at a time. `python -m worker`"""

from __future__ import annotations

import signal
import sys
from typing import Any

import structlog
from rq import Queue, Worker
from rq.job import Job
from rq.serializers import JSONSerializer

from app import leases, logs, migrations
from app.queues import patient_redis, render_queue
from app.settings import Settings, SettingsError
from worker import cage
from worker.tasks import workshop

log = structlog.get_logger(__name__)

#: Without a sign of life for this long, `/ready` no longer counts the worker.
WORKER_TTL_SECONDS = 25
MONITORING_SECONDS = 10


class RenderWorker(Worker):
    """RQ's forking worker, with three habits that RQ lacks.

    Its horse dies with it, SIGTERM hands the job back at once, and a killed horse frees its job at once.
    """

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        cage.die_with(self.pid or 0)
        super().main_work_horse(job, queue)

    def fork_work_horse(self, job: Job, queue: Queue) -> None:
        super().fork_work_horse(job, queue)
        if self._stop_requested:
            self.kill_horse(signal.SIGTERM)

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def handle_work_horse_killed(self, job: Job, *_how: Any) -> None:
        job_id, generation = job.args
        shop = workshop()
        lost = leases.lose_dead(
            shop.database, job_id, generation, shop.links, max_attempts=shop.settings.max_attempts
        )
        log.warning("horse killed", job_id=job_id, job_was_held=lost)


def main() -> int:
    try:
        settings = workshop().settings
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logs.configure(settings.log_format)
    if holes := cage.holes():
        log.warning("this kernel holds ffmpeg in part only", open=holes)
    migrations.upgrade(workshop().database)
    _work(settings)
    return 0


def _work(settings: Settings) -> None:
    connection = patient_redis(settings.redis_url)
    worker = RenderWorker(
        [render_queue(connection)],
        connection=connection,
        serializer=JSONSerializer,
        worker_ttl=WORKER_TTL_SECONDS,
        job_monitoring_interval=MONITORING_SECONDS,
        log_job_description=False,
    )
    worker.work(logging_level="WARNING")


if __name__ == "__main__":
    sys.exit(main())
