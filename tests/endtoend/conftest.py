"""A service that may send webhooks to this machine, and who receives them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.receiver import Receiver
from tests.support.service import Service, User


@pytest.fixture(scope="module")
def trusted_receiver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    with Receiver(tmp_path_factory.mktemp("receiver")) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def calling_service(
    tmp_path_factory: pytest.TempPathFactory, trusted_receiver: Receiver
) -> Iterator[Service]:
    """One worker, and retries after a second each."""
    environment = {
        "RENDER_WORKERS": "1",
        "WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
        "WEBHOOK_ALLOW_PORTS": "*",
        "WEBHOOK_CA_FILE": str(trusted_receiver.ca_file),
        "WEBHOOK_RETRY_SCHEDULE": "1,1,1",
    }
    with Service(tmp_path_factory.mktemp("calling-service"), **environment) as service:
        yield service


@pytest.fixture
def receiver(trusted_receiver: Receiver) -> Receiver:
    """The receiver, with nothing received yet, answering 200."""
    trusted_receiver.wait_until_idle()
    trusted_receiver.requests.clear()
    return trusted_receiver


@pytest.fixture(scope="module")
def alice(calling_service: Service) -> User:
    return calling_service.user("alice")


@pytest.fixture(scope="module")
def bob(calling_service: Service) -> User:
    return calling_service.user("bob")
