"""What it costs that clients follow jobs: one web process, and 500 of them, each with a key and a job.

    python -m bench.streams

Prints the slowest /health of some seconds with nobody and with everybody there, and what one of them takes of
memory and of a processor. The jobs are pending, so that there is nothing to tell. Loopback only.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from app.config.settings import Settings
from tests.support.servers import valkey
from tests.support.world import World
from tests.web.live.clients import Web, web

STREAMS = 500
#: Every thread has worked by then, and has its memory.
WARM_UP_STREAMS = 50
SECONDS = 6.0
PATIENCE = "100000/minute"


@contextmanager
def running() -> Iterator[Web]:
    with tempfile.TemporaryDirectory() as folder, valkey() as queue:
        settings = Settings(
            data_dir=Path(folder),
            redis_url=queue.url,
            public_url="https://talkreel.test",
            rate_limit=PATIENCE,
            submit_rate_limit=PATIENCE,
        )
        with World(settings) as world, web(world, "app.web.server.gunicorn_conf") as found:
            yield found


@contextmanager
def followed(web: Web, streams: int) -> Iterator[None]:
    """So many are there, and know how their jobs are."""
    with ExitStack() as lines:
        for number in range(streams):
            person = web.world.person(str(number))
            lines.enter_context(web.follow(person, person.submitted())).until('"status":"PENDING"')
        yield


def worst_health_ms(web: Web) -> float:
    ends_at, worst = time.monotonic() + SECONDS, 0.0
    while time.monotonic() < ends_at:
        worst = max(worst, web.server.health_seconds())
    return worst * 1000


def idle_cpu_seconds(worker: psutil.Process) -> float:
    """Of SECONDS in which nobody asks anything."""
    before = worker.cpu_times()
    time.sleep(SECONDS)
    after = worker.cpu_times()
    return (after.user + after.system) - (before.user + before.system)


def main() -> None:
    with running() as web:
        (worker,) = psutil.Process(web.server.process.pid).children()
        with followed(web, WARM_UP_STREAMS):
            web.server.health()
        alone_ms, alone_bytes = worst_health_ms(web), worker.memory_info().rss
        alone_seconds = idle_cpu_seconds(worker)
        with followed(web, STREAMS):
            crowd_bytes, crowd_seconds = worker.memory_info().rss, idle_cpu_seconds(worker)
            crowd_ms = worst_health_ms(web)
    cpu_share = (crowd_seconds - alone_seconds) / SECONDS
    print(f"/health at its slowest, nobody there       {alone_ms:8.1f} ms")
    print(f"/health at its slowest, {STREAMS} streams        {crowd_ms:8.1f} ms")
    print(
        f"memory of one stream                       {(crowd_bytes - alone_bytes) / STREAMS / 1024:8.1f} KiB"
    )
    print(f"processor of all {STREAMS} streams               {cpu_share * 100:8.1f} % of a core")
    print(f"processor of one stream                    {cpu_share / STREAMS * 1e6:8.0f} us a second")


if __name__ == "__main__":
    main()
