"""Worlds with other settings, and on other servers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from app.config.settings import Settings
from tests.support.servers import S3, Postgres, Valkey, s3, valkey
from tests.support.world import World

MakeWorld = Callable[..., World]


@pytest.fixture
def make_world(settings: Settings) -> Iterator[MakeWorld]:
    """`make_world(rate_limit="5/minute")`: a world with these settings."""
    with ExitStack() as worlds:
        yield lambda **values: worlds.enter_context(World(settings.model_copy(update=values)))


@pytest.fixture
def patient_world(make_world: MakeWorld) -> World:
    """A world that takes any number of requests."""
    return make_world(rate_limit="100000/minute", submit_rate_limit="100000/minute")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_world(request: pytest.FixtureRequest, make_world: MakeWorld) -> World:
    """A world on each database in turn."""
    if request.param == "sqlite":
        return make_world()
    server: Postgres = request.getfixturevalue("postgres_server")
    return make_world(database_url=server.fresh_database())


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture(params=["files", "bucket"])
def storage_world(
    request: pytest.FixtureRequest, make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> World:
    """A world on each store in turn."""
    if request.param == "files":
        return make_world()
    server: S3 = request.getfixturevalue("bucket_server")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return make_world(storage_url=server.environment["STORAGE_URL"])


@pytest.fixture
def mortal_valkey() -> Iterator[Valkey]:
    """A Valkey of the test's own, to be hurt."""
    with valkey() as server:
        yield server
