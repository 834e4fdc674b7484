from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.egress.http_client import EgressPolicy
from tests.support.receiver import Receiver


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    with Receiver(tmp_path) as one:
        yield one


@pytest.fixture
def policy(receiver: Receiver) -> EgressPolicy:
    """Lets deliveries through to the receiver."""
    return receiver.policy
