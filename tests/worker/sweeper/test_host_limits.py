from __future__ import annotations

from app.webhooks.retry_policy import ClaimedDelivery
from worker.sweeper.host_limits import HostLimits


def delivery_to(host: str, number: int = 0) -> ClaimedDelivery:
    return ClaimedDelivery(
        f"msg_{host}_{number}", "token", f"https://{host}/", "job.completed", b"{}", 0, (), "job1"
    )


def lanes_with(*deliveries: ClaimedDelivery, at_once: int = 8) -> HostLimits:
    lanes = HostLimits(at_once=at_once, at_once_for_one_host=2)
    for delivery in deliveries:
        lanes.add(delivery)
    return lanes


def test_one_host_gets_no_more_than_its_share() -> None:
    first, second, third = (delivery_to("slow.test", number) for number in range(3))
    lanes = lanes_with(first, second, third)
    assert [lanes.next(), lanes.next(), lanes.next()] == [first, second, None]
    lanes.done(second)
    assert lanes.next() == third


def test_another_host_overtakes_those_that_wait() -> None:
    slow = [delivery_to("slow.test", number) for number in range(3)]
    quick = delivery_to("quick.test")
    lanes = lanes_with(*slow, quick)
    assert [lanes.next(), lanes.next(), lanes.next(), lanes.next()] == [*slow[:2], quick, None]


def test_all_hosts_together_get_no_more_than_there_is() -> None:
    lanes = lanes_with(*(delivery_to(f"{letter}.test") for letter in "abc"), at_once=2)
    assert lanes.next() is not None
    assert lanes.next() is not None
    assert lanes.next() is None


def test_a_host_with_its_share_or_with_somebody_waiting_is_full() -> None:
    lanes = lanes_with(delivery_to("a.test", 1), delivery_to("a.test", 2), delivery_to("b.test"))
    assert lanes.full_hosts() == {"a.test", "b.test"}
    started = [lanes.next() for _ in range(3)]
    assert lanes.full_hosts() == {"a.test"}
    assert started[0] is not None
    lanes.done(started[0])
    assert lanes.full_hosts() == frozenset()


def test_those_waiting_and_those_under_way_are_held() -> None:
    lanes = lanes_with(*(delivery_to("a.test", number) for number in range(3)))
    started = lanes.next()
    assert lanes.held() == 3
    assert started is not None
    lanes.done(started)
    assert lanes.held() == 2


def test_idle_means_nothing_is_under_way() -> None:
    lanes = lanes_with(delivery_to("a.test"))
    assert lanes.wait_until_idle(0)
    started = lanes.next()
    assert not lanes.wait_until_idle(0)
    assert started is not None
    lanes.done(started)
    assert lanes.wait_until_idle(0)
