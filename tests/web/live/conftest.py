from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config.settings import Settings
from tests.support.servers import Valkey
from tests.support.world import Person, World
from tests.web.live.clients import Web, web


@pytest.fixture(scope="module")
def shared_web(tmp_path_factory: pytest.TempPathFactory, valkey_server: Valkey) -> Iterator[Web]:
    """Shared by the tests of a file that don't hurt it."""
    folder = tmp_path_factory.mktemp("web")
    settings = Settings(
        data_dir=folder,
        redis_url=valkey_server.url,
        public_url="https://talkreel.test",
        rate_limit="100000/minute",
        submit_rate_limit="100000/minute",
    )
    with World(settings) as world, web(world, MAX_STREAMS_PER_KEY="600") as found:
        yield found


@pytest.fixture
def person(shared_web: Web) -> Person:
    """Somebody new, without an active job."""
    return shared_web.world.person("somebody")
