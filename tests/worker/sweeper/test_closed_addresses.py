"""Whatever a webhook's URL says, the sender connects to nothing off the public internet."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from app.egress.http_client import EgressPolicy, Resolve, lookup
from app.webhooks.retry_policy import DeliveryAttempt, RetryAt
from tests.support.closed_addresses import CLOSED_ADDRESSES, CLOSED_HOSTS
from tests.support.receiver import Names, Receiver, Reply
from tests.worker.sweeper.desk import delivery_to
from worker.sweeper.webhook_sender import send

PUBLIC = "8.8.8.8"
NAMED = ("localhost", "localhost.", "LOCALHOST", "ｌｏｃａｌｈｏｓｔ")
REDIRECTS = (301, 302, 303, 307, 308)


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Receiver]:
    """A listener on the loopback, at which nothing may knock. It answers, so that a knock would succeed."""
    with Receiver(tmp_path_factory.mktemp("inside")) as receiver:
        yield receiver


def send_to(host: str, inside: Receiver, *, resolve: Resolve = lookup) -> DeliveryAttempt:
    """By the rules of an operator who allows nothing but any port."""
    policy = EgressPolicy((), None, inside.ca_file)
    url = f"https://{host}:{inside.port}/hook"
    return send(delivery_to(url), policy, 0, schedule=(5,), resolve=resolve)


def assert_blocked(tried: DeliveryAttempt, inside: Receiver) -> None:
    assert (tried.status, tried.error) == (None, "blocked_address")
    assert isinstance(tried.outcome, RetryAt)
    assert inside.connections == 0


def test_the_table_is_long_enough() -> None:
    assert len(set(CLOSED_HOSTS)) >= 70
    assert len(set(CLOSED_ADDRESSES)) >= 40


@pytest.mark.parametrize("host", [*CLOSED_HOSTS, *NAMED])
def test_a_closed_address_is_refused_however_it_is_spelt(inside: Receiver, host: str) -> None:
    assert_blocked(send_to(host, inside), inside)


@pytest.mark.parametrize("address", CLOSED_ADDRESSES)
def test_a_name_that_leads_to_a_closed_address_is_refused(inside: Receiver, address: str) -> None:
    for found in ([address], [PUBLIC, address], [address, PUBLIC]):
        names = Names(found)
        assert_blocked(send_to("hook.test", inside, resolve=names), inside)
        assert names.asked == ["hook.test"]


def test_a_name_that_changes_its_mind_after_the_check_leads_nowhere_else(inside: Receiver) -> None:
    # 127.0.0.9 stands for a public address: it passes the check, and nobody listens there.
    policy = EgressPolicy((ip_network("127.0.0.9/32"),), None, inside.ca_file)
    names = Names(["127.0.0.9"], ["127.0.0.1"])

    tried = send(delivery_to(f"https://hook.test:{inside.port}/"), policy, 0, schedule=(5,), resolve=names)

    assert tried.error == "connect_failed"
    assert names.asked == ["hook.test"]
    assert inside.connections == 0


@pytest.mark.parametrize("status", REDIRECTS)
def test_a_redirect_into_closed_addresses_is_a_failure_and_not_followed(
    tmp_path: Path, inside: Receiver, status: int
) -> None:
    targets = [f"https://{host}:{inside.port}/" for host in ("127.0.0.1", "localhost", "0x7f000001", "[::1]")]
    with Receiver(tmp_path) as outside:
        outside.script(*(Reply(status, {"Location": target}) for target in targets))
        tries = [send(delivery_to(outside.url), outside.policy, 0, schedule=(5,)) for _ in targets]

    assert [tried.status for tried in tries] == [status] * len(targets)
    assert all(isinstance(tried.outcome, RetryAt) for tried in tries)
    assert (outside.connections, inside.connections) == (len(targets), 0)
