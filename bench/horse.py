"""How soon a horse runs: from the worker's fork to the first line of the task, with everything loaded before.

    python -m bench.horse

Prints milliseconds, with the worker's own kind of process, connections and serializer.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from rq.serializers import JSONSerializer

from app.queue.queues import patient_redis, render_queue
from bench.stable import TimedWorker
from tests.support.servers import valkey

WARM_UP_ROUNDS = 3
ROUNDS = 50
TASK = "bench.stable.note"


def measure() -> list[float]:
    with tempfile.TemporaryDirectory() as folder, valkey() as server:
        notes, connection = Path(folder) / "notes", patient_redis(server.url)
        queue = render_queue(connection)
        for _ in range(WARM_UP_ROUNDS + ROUNDS):
            queue.enqueue_call(TASK, args=(str(notes),), timeout=-1, result_ttl=0)
        worker = TimedWorker(
            [queue], connection=connection, serializer=JSONSerializer, log_job_description=False
        )
        worker.work(burst=True, logging_level="WARNING")
        found = [float(line) for line in notes.read_text().splitlines()]
    return found[WARM_UP_ROUNDS:]


def main() -> None:
    found = measure()
    p50, p95 = statistics.median(found), statistics.quantiles(found, n=20)[-1]
    print(f"{f'ms, {len(found)} horses':26}{'p50':>10}{'p95':>10}{'max':>10}")
    print(f"{'fork to first line':26}{p50:10.1f}{p95:10.1f}{max(found):10.1f}")


if __name__ == "__main__":
    main()
