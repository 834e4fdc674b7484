"""The servers the other tests stand on."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tests.support.servers import Postgres, Valkey, postgres, valkey

DEADLINE_SECONDS = 20


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


def _client(server: Valkey) -> redis.Redis:
    return redis.Redis.from_url(server.url, socket_timeout=0.3, retry=None)


def test_a_persistent_valkey_keeps_what_it_holds_through_a_kill() -> None:
    with valkey(persistent=True) as server, _client(server) as client:
        client.execute_command("CONFIG", "SET", "appendfsync", "always")
        client.set("key", "value")
        server.kill()
        server.start()
        assert client.get("key") == b"value"


def test_a_plain_valkey_forgets() -> None:
    with valkey() as server, _client(server) as client:
        client.set("key", "value")
        server.restart()
        assert client.get("key") is None


def test_a_paused_valkey_says_nothing_until_it_is_resumed() -> None:
    with valkey() as server, _client(server) as client:
        server.pause()
        with pytest.raises(redis.TimeoutError):
            client.ping()
        server.resume()
        assert client.ping()


def test_fresh_databases_are_apart(cluster: Postgres) -> None:
    first, second = (_plain(cluster.fresh_database()) for _ in range(2))
    with psycopg.connect(first) as connection:
        connection.execute("CREATE TABLE only_here (id int)")
    with psycopg.connect(second) as connection:
        assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)


def test_a_restarted_postgres_answers_again(cluster: Postgres) -> None:
    url = _plain(cluster.fresh_database())
    cluster.restart()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_does_not_outlive_a_killed_test_run() -> None:
    with subprocess.Popen([sys.executable, "-c", _RUN_THAT_HANGS], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout
        url = run.stdout.readline().strip()
        run.kill()
    _wait_until_gone(url)
    shutil.rmtree(Path(url.removeprefix("unix://")).parent)


_RUN_THAT_HANGS = """
import signal
from tests.support.servers import valkey
with valkey() as server:
    print(server.url, flush=True)
    signal.pause()
"""


def _wait_until_gone(url: str) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    with redis.Redis.from_url(url, socket_timeout=1, retry=None) as client:
        while time.monotonic() < deadline:
            try:
                client.ping()
            except redis.ConnectionError:
                return
            time.sleep(0.02)
    pytest.fail("the server outlived the run")


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")
