"""A Valkey, its replica, and a Sentinel that watches over both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.support.processes import Server, free_ports, short_folder
from tests.support.servers import valkey_binary
from tests.support.service import wait_until

SERVICE = "talkreel"
CONFIGURATION = """
port {port}
bind 127.0.0.1
sentinel monitor {service} 127.0.0.1 {master_port} 1
sentinel down-after-milliseconds {service} 500
sentinel failover-timeout {service} 3000
"""


@dataclass(frozen=True)
class Watched:
    """`url` is what REDIS_URL says; the first Sentinel it names is not there."""

    url: str
    master: Server
    replica_port: int

    def master_port(self) -> int:
        """Whom the Sentinel names."""
        *_, last = self.url.removesuffix(f"/{SERVICE}").rpartition(":")
        with redis.Redis(port=int(last), socket_timeout=1) as sentinel:
            found = sentinel.execute_command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return int(found[1])


@contextmanager
def watched_valkey() -> Iterator[Watched]:
    """Returns when the Sentinel knows the replica: only then can it replace the master."""
    master_port, replica_port, sentinel_port, nobodys_port = free_ports(4)
    with short_folder() as folder:
        replica_of = ["--replicaof", "127.0.0.1", str(master_port)]
        with (
            _server(folder / "master", master_port) as master,
            _server(folder / "replica", replica_port, *replica_of),
            _sentinel(folder / "sentinel", sentinel_port, master_port),
        ):
            wait_until(lambda: _knows_replica(sentinel_port))
            url = f"redis+sentinel://127.0.0.1:{nobodys_port},127.0.0.1:{sentinel_port}/{SERVICE}"
            yield Watched(url, master, replica_port)


def _server(folder: Path, port: int, *options: str) -> Server:
    folder.mkdir()
    argv = [valkey_binary(), "--port", str(port), "--dir", str(folder), "--save", "", *options]
    return Server([*argv, "--repl-diskless-sync-delay", "0"], folder, lambda: _pings(port))


def _sentinel(folder: Path, port: int, master_port: int) -> Server:
    folder.mkdir()
    configuration = folder / "sentinel.conf"
    configuration.write_text(CONFIGURATION.format(port=port, master_port=master_port, service=SERVICE))
    return Server([valkey_binary(), str(configuration), "--sentinel"], folder, lambda: _pings(port))


def _pings(port: int) -> bool:
    try:
        with redis.Redis(port=port, socket_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _knows_replica(port: int) -> bool:
    with redis.Redis(port=port, socket_timeout=1) as client:
        return bool(client.execute_command("SENTINEL", "REPLICAS", SERVICE))
