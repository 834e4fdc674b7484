from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.upload.server import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn with the service's own configuration."""
    with running(tmp_path_factory.mktemp("data"), "app.web.gunicorn_conf") as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn that gives slow clients a second or two."""
    with running(tmp_path_factory.mktemp("data"), "tests.upload.impatient_conf") as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the upload goes; afterwards nothing of it may be left."""
    yield tmp_path / "uploads" / "one"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.name == "one"]
