"""What a job costs the parts that all machines share, and what each machine of a kind costs them when idle.

    python -m bench.scaleout

Two web machines, a sweeper, one worker and then three, on PostgreSQL, Valkey and SeaweedFS, all on this
machine: jobs a minute are its own limit and no service's. Prints how soon a burst of jobs is done, and a
Markdown table of what a job, an idle second and a request take of each part. docs/scaling.md reckons with it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.database.database import Database
from app.keys import api_keys
from bench.shares import Costs, Meter, between, per
from tests.endtoend.machines import Fleet, fleet
from tests.storage.gateway import Gateway
from tests.support.processes import Server
from tests.support.servers import postgres, s3, valkey
from tests.support.service import User, wait_until

EXAMPLES = Path(__file__).parents[1] / "examples"
STILL_JOBS, TALKING_JOBS, COUNTED_JOBS, REQUESTS = 24, 6, 12, 300
WORKERS = 3
IDLE_SECONDS = 15
DEADLINE_SECONDS = 600
#: No limit is reached, one key has them all at once, and the default lease.
ENVIRONMENT = {"SUBMIT_RATE_LIMIT": "100000/minute", "LEASE_SECONDS": "15"}

LATENCIES = """
    SELECT (updated_at_ms - created_at_ms) / 1000.0 FROM jobs
    WHERE status = 'COMPLETED' ORDER BY created_at_ms DESC LIMIT %s
"""
ACTIVE = "SELECT count(*) FROM jobs WHERE status IN ('PENDING', 'PROCESSING')"
#: The same ended job so many times over: what its row takes, and all of its indexes.
COPIES = 20_000
COPY = """
    INSERT INTO copied SELECT (jsonb_populate_record(jobs, jsonb_build_object(
        'id', substr(md5(n::text), 1, 24), 'share_token', substr(md5('s' || n::text), 1, 24)))).*
    FROM jobs, generate_series(1, %s) AS n
    WHERE jobs.id = (SELECT id FROM jobs WHERE status = 'COMPLETED' LIMIT 1)
"""


@dataclass(frozen=True)
class Burst:
    """Jobs that were submitted at once."""

    a_minute: float
    p50_seconds: float
    p95_seconds: float
    costs: Costs


@dataclass(frozen=True)
class Site:
    """All of it, and somebody who may have a hundred jobs."""

    machines: Fleet
    meter: Meter
    workers: list[Server]
    user: User
    redirecting: User

    def burst(self, jobs: int, motion: str, idle: Costs) -> Burst:
        """Submits so many, waits for the last, and reckons what one of them took."""
        portrait, voice = ((EXAMPLES / name).read_bytes() for name in ("portrait.jpg", "voice.mp3"))
        before = self.meter.read()
        for _ in range(jobs):
            self.user.submitted(portrait, voice, motion=motion)
        wait_until(self._is_done, seconds=DEADLINE_SECONDS, poll_seconds=0.25)
        spell = between(before, self.meter.read())
        seconds = [float(row[0]) for row in self.meter.ask(LATENCIES, jobs)]
        p95 = statistics.quantiles(seconds, n=20)[-1]
        return Burst(60 * jobs / spell["seconds"], statistics.median(seconds), p95, per(spell, jobs, idle))

    def idle(self) -> Costs:
        before = self.meter.read()
        time.sleep(IDLE_SECONDS)
        return between(before, self.meter.read())

    def asked(self, ask: Callable[[], httpx.Response], idle: Costs) -> Costs:
        """What one of many such requests takes."""
        before = self.meter.read()
        for _ in range(REQUESTS):
            assert ask().status_code in (200, 307)
        return per(between(before, self.meter.read()), REQUESTS, idle)

    def start_worker(self) -> None:
        self.workers.append(self.machines.start_worker())

    def job_bytes(self) -> float:
        """What a row of an ended job takes in the database, with its indexes."""
        with self.meter.connect() as connection:
            connection.execute("CREATE TEMPORARY TABLE copied (LIKE jobs INCLUDING ALL)")
            connection.execute(COPY, [COPIES])
            (total,) = connection.execute("SELECT pg_total_relation_size('copied')").fetchone() or (0,)
        return float(total) / COPIES

    def _is_done(self) -> bool:
        return self.meter.ask(ACTIVE) == [(0,)]


@contextmanager
def site() -> Iterator[Site]:
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        postgres() as database,
        valkey(remote=True) as queue,
        s3() as store,
        Gateway(store.endpoint) as gateway,
    ):
        shared = {"DATABASE_URL": database.fresh_database(), "REDIS_URL": queue.url, **ENVIRONMENT}
        bucket = {**store.environment, "AWS_ENDPOINT_URL": gateway.url}
        with fleet(Path(folder), {**shared, **bucket}) as machines:
            workers: list[Server] = []
            parts: dict[str, list[Server]] = {
                "web ms": [machines.start_web(0), machines.start_web(1, VIDEO_REDIRECT="1")],
                "sweeper ms": [machines.start_sweeper()],
                "worker ms": workers,
                "PostgreSQL ms": [database],
                "Valkey ms": [queue],
                "SeaweedFS ms": [store],
            }
            meter = Meter(parts, shared["DATABASE_URL"], queue.url, gateway, database.log)
            user, redirecting = users(machines)
            with user.http, redirecting.http:
                yield Site(machines, meter, workers, user, redirecting)


def users(machines: Fleet) -> list[User]:
    """The same one at both web machines."""
    database = Database(machines.shared["DATABASE_URL"])
    key = api_keys.mint(database, "bench", max_active_jobs=100)
    database.close()
    return [User(address, {"apiKey": key.api_key}) for address in machines.addresses]


def measure(site: Site) -> tuple[dict[str, Burst], dict[str, Costs]]:
    """Bursts, and what is asked and idle; statements are counted apart from what they cost."""
    site.start_worker()
    site.burst(2, "still", site.idle())
    bursts, costs = {}, {"an idle second, 1 worker": per(idle := site.idle(), IDLE_SECONDS)}
    bursts["a still job, 1 worker"] = site.burst(STILL_JOBS, "still", idle)
    while len(site.workers) < WORKERS:
        site.start_worker()
    site.burst(2 * WORKERS, "talking", idle)
    costs["an idle second, 3 workers"] = per(idle := site.idle(), IDLE_SECONDS)
    bursts["a still job, 3 workers"] = site.burst(STILL_JOBS, "still", idle)
    bursts["a talking job, 3 workers"] = site.burst(TALKING_JOBS, "talking", idle)
    with site.meter.counting_statements():
        costs["an idle second, statements counted"] = per(idle := site.idle(), IDLE_SECONDS)
        bursts["a still job, statements counted"] = site.burst(COUNTED_JOBS, "still", idle)
        bursts["a talking job, statements counted"] = site.burst(TALKING_JOBS, "talking", idle)
        costs |= requests(site, idle)
    return bursts, costs


def requests(site: Site, idle: Costs) -> dict[str, Costs]:
    (job,) = site.user.http.get("/api/jobs?limit=1").json()["jobs"]
    path = job["outputVideo"].removeprefix(site.machines.address)
    asked = {
        "a status": lambda: site.user.http.get(f"/api/status/{job['id']}"),
        "a list of 20": lambda: site.user.http.get("/api/jobs?limit=20"),
        "a video, through web": lambda: site.user.http.get(path),
        "a video, by redirect": lambda: site.redirecting.http.get(path),
    }
    return {name: site.asked(ask, idle) for name, ask in asked.items()}


def rows(bursts: dict[str, Burst], costs: dict[str, Costs]) -> Iterator[str]:
    names = [name for name in next(iter(costs.values())) if name != "seconds"]
    yield f"| | {' | '.join(names)} |"
    yield "|---" * (len(names) + 1) + "|"
    for label, each in ({label: burst.costs for label, burst in bursts.items()} | costs).items():
        yield f"| {label} | {' | '.join(f'{max(0, each[name]):.3g}' for name in names)} |"


def main() -> None:
    with site() as running:
        bursts, costs = measure(running)
        job_bytes = running.job_bytes()
    for label, burst in bursts.items():
        told = f"{burst.a_minute:.0f} a minute, POST to COMPLETED p50 {burst.p50_seconds:.1f} s"
        print(f"{label}: {told}, p95 {burst.p95_seconds:.1f} s")
    print(f"a row of an ended job with its indexes: {job_bytes:.0f} bytes\n")
    print("\n".join(rows(bursts, costs)))


if __name__ == "__main__":
    main()
