"""A world on each database, and no limits in the way."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.config.settings import Settings
from tests.support.world import World


@pytest.fixture
def arena(settings: Settings, database_url: str) -> Iterator[World]:
    """A world on each database in turn, which takes any number of requests."""
    values = {
        "database_url": database_url,
        "rate_limit": "1000000/minute",
        "submit_rate_limit": "1000000/minute",
    }
    with World(settings.model_copy(update=values)) as world:
        yield world
