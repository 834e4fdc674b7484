"""The rendering tests' world: samples for the session, a job folder for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.media_samples import Samples


@pytest.fixture(scope="session")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return Samples(tmp_path_factory.mktemp("samples"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A job's folder, under a name that a careless command line would stumble over."""
    path = tmp_path / "job 1:%d 'x' -y"
    path.mkdir()
    return path
