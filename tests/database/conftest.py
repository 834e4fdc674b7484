"""What the verbs need beside a database."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.queues import Doorbell, impatient_redis
from app.settings import Settings
from app.storage import Storage, open_storage
from tests.servers import Valkey


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def storage(data_dir: Path) -> Storage:
    """Files in a fresh folder."""
    return open_storage(Settings(data_dir=data_dir))


@pytest.fixture
def doorbell(valkey_server: Valkey) -> Doorbell:
    """A bell nobody has rung."""
    with impatient_redis(valkey_server.url) as redis:
        redis.flushdb()
    return Doorbell(valkey_server.url)
