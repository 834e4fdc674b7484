"""The world of the tests: real servers once a session, a fresh service for each test."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from app.config.settings import Settings
from app.database.database import Database
from app.queue.queues import JobQueue, impatient_redis
from app.storage.stores import Storage, open_storage
from tests.support.paths import TESTS
from tests.support.schema import migrate
from tests.support.servers import Postgres, Valkey, postgres, valkey
from tests.support.service import Service
from tests.support.world import World

#: How long an example takes is the machine's affair.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")


# A shell that begins the tests in the background has them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

#: What takes longest. Begun first, it has nobody wait for it in the end.
LONG = (
    "test_split_talks.py",
    "test_closed_doors.py",
    "test_chaos.py",
    "test_fuzz.py",
    "test_long_talks.py",
    "test_lost_workers.py",
    "test_several_machines.py",
    "test_attacks.py",
    "test_languages.py",
    "test_page.py",
)


#: What starts a server, or takes longer than a person waits.
SERVERS = {"valkey_server", "postgres_server", "bucket_server", "browser", "service", "receiver"}
SLOW_FILES = (
    "test_readme.py",
    "test_bootstrap.py",
    "test_deploy.py",
    "test_schemathesis.py",
    "test_generated_client.py",
)
SLOW_FOLDERS = (
    "browser",
    "chaos",
    "endtoend",
    "faults",
    "fuzz",
    "races",
    "storage",
    "web/live",
    "web/server",
    "worker",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--quick", action="store_true", help="only what needs no server, browser or encoder")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    if config.getoption("--quick"):
        slow = [item for item in items if not is_quick(item)]
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if is_quick(item)]


def is_quick(item: pytest.Item) -> bool:
    """Whether a test runs in this process alone, on SQLite where it needs a database."""
    folder = item.path.parent.relative_to(TESTS)
    if any(folder.is_relative_to(slow) for slow in SLOW_FOLDERS) or item.path.name in SLOW_FILES:
        return False
    if not isinstance(item, pytest.Function):
        return True
    chosen = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgresql" not in chosen and not SERVERS & set(item.fixturenames)


@pytest.fixture(scope="session")
def valkey_server() -> Iterator[Valkey]:
    with valkey() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    with postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'test.db'}"
    server: Postgres = request.getfixturevalue("postgres_server")
    return server.fresh_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A migrated database of each kind in turn."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture
def settings(tmp_path: Path, valkey_server: Valkey) -> Settings:
    """Settings of a service of its own: SQLite and files in a fresh folder."""
    return Settings(
        data_dir=tmp_path / "data", redis_url=valkey_server.url, public_url="https://talkreel.test"
    )


@pytest.fixture
def world(settings: Settings) -> Iterator[World]:
    """The web application in this process, without workers, with two people who use it."""
    with World(settings) as world:
        yield world


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The whole service with real processes, shared by the tests that don't hurt it."""
    with Service(tmp_path_factory.mktemp("service"), RENDER_WORKERS="2") as service:
        yield service


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def storage(data_dir: Path) -> Storage:
    """Files in a fresh folder."""
    return open_storage(Settings(data_dir=data_dir))


@pytest.fixture
def job_queue(valkey_server: Valkey) -> JobQueue:
    """A bell nobody has rung."""
    with impatient_redis(valkey_server.url) as redis:
        redis.flushdb()
    return JobQueue(valkey_server.url)
