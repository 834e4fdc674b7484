"""Both stores, for the tests of what they promise."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.config.settings import Settings
from app.storage.stores import Storage, open_storage
from tests.support.servers import S3, s3


@pytest.fixture(scope="session")
def bucket_server() -> Iterator[S3]:
    with s3() as server:
        yield server


@pytest.fixture
def bucket(bucket_server: S3, monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    """The storage in the S3 server, empty."""
    for name, value in bucket_server.environment.items():
        monkeypatch.setenv(name, value)
    storage = open_storage(Settings.load())
    yield storage
    for area in ("uploads", "outputs"):
        storage.delete(area)


@pytest.fixture
def files(tmp_path: Path) -> Storage:
    """The storage on this machine, empty."""
    return open_storage(Settings(data_dir=tmp_path / "data"))


@pytest.fixture(params=["files", "bucket"])
def storage(request: pytest.FixtureRequest) -> Storage:
    """Each store in turn."""
    store: Storage = request.getfixturevalue(request.param)
    return store
