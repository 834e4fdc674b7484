"""What an answer costs: status and list, on the same gunicorn as two other applications.

    python -m bench.service

One is a Flask route that does nothing. The other answers the same status as the documentation of Flask,
Flask-Limiter and SQLModel would have it written (`bench.textbook`).

Prints answers per second and the processor time of an answer, the medians of several rounds in turn, the
share of the bare route's rate, and the ratio to the textbook's on the same database. One gunicorn process
each with our configuration; 32 clients that keep their connections and have many addresses, so that no limit
is reached. Loopback only.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from app.config.settings import Settings
from bench.load import load
from tests.support.processes import Server, free_ports
from tests.support.servers import postgres, valkey
from tests.support.world import World
from tests.web.views.lists import add_ended

ROUNDS = 7
SPELL_SECONDS = 1.5
CLIENTS = 32
#: Each may ask 600 times a minute.
ADDRESSES = 6000
JOBS = 30

PLAIN = ("--worker-class", "gthread", "--threads", "16", "--keep-alive", "15", "bench.bare:application")
OURS = ("--config", "python:app.web.server.gunicorn_conf")


@dataclass(frozen=True)
class Spell:
    per_second: float
    cpu_us: float
    #: Of a core, by the clients.
    clients_share: float


class Gunicorn(Server):
    """One worker process, and the port it answers at."""

    def __init__(self, folder: Path, *arguments: str, **environment: str) -> None:
        (self.port,) = free_ports(1)
        folder.mkdir(exist_ok=True)
        known = {
            **os.environ,
            "DATA_DIR": str(folder),
            "PORT": str(self.port),
            "WEB_WORKERS": "1",
            "TRUSTED_PROXIES": "1",
            "PYTHONPATH": str(Path(__file__).parent.parent),
            **environment,
        }
        argv = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{self.port}", *arguments]
        super().__init__([*argv, "--log-level", "warning"], folder, self._is_up, environment=known)

    def _is_up(self) -> bool:
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/health", timeout=5).status_code in (200, 404)
        except httpx.TransportError:
            return False

    def cpu_seconds(self) -> float:
        """What its worker has used so far."""
        (worker,) = psutil.Process(self._process.pid).children()
        times = worker.cpu_times()
        return times.user + times.system


@dataclass(frozen=True)
class Course:
    """One kind of request, at one server."""

    name: str
    server: Gunicorn
    requests: Sequence[bytes]

    def run(self) -> Spell:
        before = self.server.cpu_seconds()
        tally = load(self.server.port, self.requests, clients=CLIENTS, seconds=SPELL_SECONDS)
        cpu_us = (self.server.cpu_seconds() - before) / tally.answers * 1e6
        return Spell(tally.per_second, cpu_us, tally.own_share)


def requests_for(path: str, api_key: str) -> list[bytes]:
    """The same question from many addresses."""
    head = f"GET {path} HTTP/1.1\r\nHost: bench\r\nX-API-Key: {api_key}\r\nX-Forwarded-For: 10.0"
    return [f"{head}.{n // 250}.{n % 250}\r\n\r\n".encode() for n in range(ADDRESSES)]


@contextmanager
def bare_courses(folder: Path) -> Iterator[list[Course]]:
    """Our gunicorn first: what the others are compared with."""
    asked = requests_for("/bare", "tr_" + "x" * 43)
    ours = Gunicorn(folder / "bare", *OURS, "bench.bare:application")
    with ours, Gunicorn(folder / "plain", *PLAIN) as plain:
        yield [Course("bare route", ours, asked), Course("bare, plain gthread", plain, asked)]


@contextmanager
def service_courses(name: str, settings: Settings) -> Iterator[list[Course]]:
    with World(settings) as world:
        job_id = world.alice.submitted()
        world.complete(job_id)
        add_ended(world, world.alice, *range(1000, 1000 + JOBS))
        environment = {"REDIS_URL": settings.redis_url, "DATABASE_URL": settings.database_url}
        api_key = world.alice.key.api_key
        asked = requests_for(f"/api/status/{job_id}", api_key)
        folder = settings.data_dir.with_name(f"textbook-{name}")
        textbook = Gunicorn(folder, *OURS, "bench.textbook:application", **environment)
        with textbook, Gunicorn(settings.data_dir, *OURS, **environment) as server:
            yield [
                Course(f"textbook, {name}", textbook, asked),
                Course(f"status, {name}", server, asked),
                Course(f"list of 20, {name}", server, requests_for("/api/jobs?limit=20", api_key)),
            ]


@contextmanager
def courses() -> Iterator[list[Course]]:
    with ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        redis_url = running.enter_context(valkey()).url
        found = running.enter_context(bare_courses(folder))
        urls = {
            "SQLite": f"sqlite:///{folder}/bench.db",
            "PostgreSQL": running.enter_context(postgres()).fresh_database(),
        }
        for name, url in urls.items():
            settings = Settings(data_dir=folder / name, redis_url=redis_url, database_url=url)
            found += running.enter_context(service_courses(name, settings))
        yield found


def measure(found: list[Course]) -> dict[str, list[Spell]]:
    for course in found:
        course.run()
    rounds = [{course.name: course.run() for course in found} for _ in range(ROUNDS)]
    return {course.name: [each[course.name] for each in rounds] for course in found}


def main() -> None:
    with courses() as found:
        measured = measure(found)
    print(f"{'':24}{'a second':>10}{'of bare':>10}{'textbook':>10}{'cpu us':>10}{'clients':>10}")
    bare = textbook = statistics.median(spell.per_second for spell in measured[found[0].name])
    for name, spells in measured.items():
        per_second = statistics.median(spell.per_second for spell in spells)
        if name.startswith("textbook"):
            textbook = per_second
        cpu_us = statistics.median(spell.cpu_us for spell in spells)
        share = statistics.median(spell.clients_share for spell in spells)
        rates = f"{per_second:10.0f}{per_second / bare:10.2f}{per_second / textbook:10.2f}"
        print(f"{name:24}{rates}{cpu_us:10.0f}{share:10.0%}")


if __name__ == "__main__":
    main()
