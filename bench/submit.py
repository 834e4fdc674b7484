"""How soon the service reacts: a whole `talkreel up` with nothing else to do, and small files.

    python -m bench.submit

Prints milliseconds from POST to 201, from POST until a worker has the job (PROCESSING), and from the end of
the render (COMPLETED) until the webhook is there. The two moments in between are the database's own. Loopback
only.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.receiver import Receiver
from tests.support.service import Service, User, wait_until

WARM_UP_ROUNDS = 3
ROUNDS = 30
POLL_SECONDS = 0.001


@dataclass(frozen=True)
class Round:
    """Milliseconds of one job."""

    accepted_ms: float
    begun_ms: float
    told_ms: float


@contextmanager
def running() -> Iterator[tuple[Service, Receiver]]:
    with tempfile.TemporaryDirectory() as name, Receiver(Path(name)) as receiver:
        environment = {
            "WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
            "WEBHOOK_ALLOW_PORTS": "*",
            "WEBHOOK_CA_FILE": str(receiver.ca_file),
        }
        with Service(Path(name) / "service", **environment) as service:
            yield service, receiver


def one_round(user: User, receiver: Receiver, database: sqlite3.Connection) -> Round:
    heard_before = len(receiver.requests)
    posted_ms = time.time() * 1000
    job_id = user.submitted(webhookUrl=receiver.url)
    accepted_ms = time.time() * 1000
    begun_ms = moment(database, job_id, "PROCESSING")
    rendered_ms = moment(database, job_id, "COMPLETED")
    told = receiver.wait_for(heard_before + 1)[-1]
    told_ms = (time.time() - time.monotonic() + told.at) * 1000
    return Round(accepted_ms - posted_ms, begun_ms - posted_ms, told_ms - rendered_ms)


def moment(database: sqlite3.Connection, job_id: str, status: str) -> int:
    """When the job came to be in `status`: Unix milliseconds. A heartbeat moves it, half a second later."""
    query = "SELECT updated_at_ms FROM jobs WHERE id = ? AND status = ?"
    (found,) = wait_until(
        lambda: database.execute(query, (job_id, status)).fetchone(), poll_seconds=POLL_SECONDS
    )
    return int(found)


def measure() -> list[Round]:
    with running() as (service, receiver):
        path = service.data_dir / "talkreel.db"
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            user = service.user()
            rounds = [one_round(user, receiver, database) for _ in range(WARM_UP_ROUNDS + ROUNDS)]
    return rounds[WARM_UP_ROUNDS:]


def row(name: str, values_ms: list[float]) -> str:
    p50, p95 = statistics.median(values_ms), statistics.quantiles(values_ms, n=20)[-1]
    return f"{name:26}{p50:10.1f}{p95:10.1f}{max(values_ms):10.1f}"


def main() -> None:
    rounds = measure()
    print(f"{f'ms, {ROUNDS} jobs':26}{'p50':>10}{'p95':>10}{'max':>10}")
    print(row("POST to 201", [each.accepted_ms for each in rounds]))
    print(row("POST to PROCESSING", [each.begun_ms for each in rounds]))
    print(row("COMPLETED to webhook", [each.told_ms for each in rounds]))


if __name__ == "__main__":
    main()
