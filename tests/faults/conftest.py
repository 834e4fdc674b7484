"""Services to be hurt, and uploads that take a while."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random

import pytest

from app.config.settings import Settings
from app.queue.queues import JobQueue
from tests.support.service import Service

StartService = Callable[..., Service]


@pytest.fixture
def start_service(tmp_path: Path) -> Iterator[StartService]:
    """Starts a service of one's own, with the given environment."""
    with ExitStack() as running:
        yield lambda **environment: running.enter_context(Service(tmp_path / "service", **environment))


def paused_by(service: Service) -> str | None:
    """What of its machine keeps the service's one worker from beginning jobs; None while nothing does."""
    workers = JobQueue(Settings(data_dir=service.data_dir).redis_url).workers() or []
    return next((worker.paused_by for worker in workers if worker.paused_by), None)


@pytest.fixture(scope="session")
def long_voice() -> bytes:
    """Noise that takes some seconds to encode: 5 minutes, mono."""
    held = io.BytesIO()
    with wave.open(held, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(44100)
        file.writeframes(Random(1).randbytes(2 * 44100) * 300)
    return held.getvalue()
