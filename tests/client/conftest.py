"""The client, talking to the application in this process, or to a service that is played."""

from __future__ import annotations

import os
from collections.abc import Iterator

import httpx
import pytest

from app.client import Talkreel, backoff, watch
from tests.client.played import Clock, Played
from tests.support.world import World


@pytest.fixture
def client(world: World) -> Iterator[Talkreel]:
    """Alice's, over WSGI."""
    transport = httpx.WSGITransport(app=world.app)
    with Talkreel("http://talkreel.test", world.alice.key.api_key, transport=transport) as client:
        yield client


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The client's time, which passes only while it sleeps."""
    clock = Clock()
    monkeypatch.setattr(backoff, "time", clock)
    monkeypatch.setattr(watch, "time", clock)
    return clock


@pytest.fixture
def played(clock: Clock) -> Iterator[Played]:
    """A service that answers what it is told to."""
    with Played(clock) as played:
        yield played


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("TALKREEL_")]:
        monkeypatch.delenv(name)
