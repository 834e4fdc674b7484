from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.web.server.served import Server, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn with the service's own configuration."""
    with running(tmp_path_factory.mktemp("data"), "app.web.server.gunicorn_conf") as server:
        yield server


@pytest.fixture(scope="module")
def impatient_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn that gives slow clients a second or two."""
    with running(tmp_path_factory.mktemp("data"), "tests.web.server.impatient_conf") as server:
        yield server
