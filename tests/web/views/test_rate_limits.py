"""How much one address may ask, and how it is told."""

from __future__ import annotations

import io
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from tests.support.servers import Valkey
from tests.support.world import World
from tests.web.views.conftest import MakeWorld

NAMES = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
REFUSED = {"error": "Too many requests from this address. Try again later.", "code": "rate_limited"}


def ask(
    world: World, address: str = "192.0.2.1", forwarded: str | None = None, **options: Any
) -> TestResponse:
    """One request of alice's from `address`, as its server sees it."""
    headers = {**world.alice.headers, **({"X-Forwarded-For": forwarded} if forwarded else {})}
    options = {"path": "/api/jobs", "headers": headers, **options}
    return world.alice.client.open(environ_base={"REMOTE_ADDR": address}, **options)


def told(answer: TestResponse) -> tuple[int, int, int]:
    limit, remaining, reset_seconds = (int(answer.headers[name]) for name in NAMES)
    return limit, remaining, reset_seconds


def statuses(world: World, *addresses: str) -> list[int]:
    return [ask(world, address).status_code for address in addresses]


def test_an_answer_tells_what_is_left(world: World) -> None:
    first, second = told(ask(world)), told(ask(world))

    assert (first[:2], second[:2]) == ((600, 599), (600, 598))
    assert 0 < first[2] <= 60


@pytest.mark.parametrize(
    ("status", "asked"),
    [
        (200, {}),
        (400, {"query_string": {"limit": "0"}}),
        (401, {"headers": {}}),
        (401, {"headers": {"X-API-Key": "tr_unknown"}}),
        (401, {"path": "/api/nowhere", "headers": {}}),
        (404, {"path": "/api/nowhere"}),
        (404, {"path": "/api/status/nobodys"}),
        (405, {"method": "PUT"}),
        (415, {"method": "POST"}),
    ],
)
def test_every_answer_below_api_tells(world: World, status: int, asked: dict[str, Any]) -> None:
    answer = ask(world, **asked)

    assert answer.status_code == status
    limit, remaining, reset_seconds = told(answer)
    assert limit in (600, 30)
    assert remaining == limit - 1
    assert 0 < reset_seconds <= 60
    assert not [name for name, _ in answer.headers if name.lower().startswith("x-rate")]


def test_a_conflict_and_a_success_tell_too(world: World) -> None:
    created, conflict = world.alice.submit(), world.alice.submit()

    assert (created.status_code, conflict.status_code) == (201, 409)
    assert [told(answer)[:2] for answer in (created, conflict)] == [(30, 29), (30, 28)]


@pytest.mark.parametrize(
    "path", ["/health", "/api/health", "/ready", "/videos/x.mp4", "/share/x", "/nowhere"]
)
def test_nothing_else_is_counted(world: World, path: str) -> None:
    answer = ask(world, path=path)

    assert not any(name in answer.headers for name in NAMES)
    assert told(ask(world))[1] == 599


def test_the_601st_request_of_a_minute_is_refused(world: World) -> None:
    answers = [ask(world, path="/api/nowhere").status_code for _ in range(600)]
    refused = ask(world)

    assert set(answers) == {404}
    assert (refused.status_code, refused.json) == (429, REFUSED)
    limit, remaining, reset_seconds = told(refused)
    assert (limit, remaining) == (600, 0)
    assert int(refused.headers["Retry-After"]) == reset_seconds > 0


def test_the_31st_submission_of_a_minute_is_refused_before_the_key_is_looked_at(world: World) -> None:
    answers = [ask(world, method="POST", headers={}).status_code for _ in range(30)]
    body = io.BytesIO(b"never read")
    refused = ask(
        world,
        method="POST",
        headers={"X-API-Key": "tr_unknown"},
        input_stream=body,
        content_type="multipart/form-data; boundary=x",
    )

    assert set(answers) == {401}
    assert (refused.status_code, refused.json) == (429, REFUSED)
    assert told(refused)[:2] == (30, 0)
    assert int(refused.headers["Retry-After"]) > 0
    assert body.tell() == 0


def test_who_is_over_the_limit_may_still_be_probed(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="1/minute")

    assert [ask(world).status_code for _ in range(2)] == [200, 429]
    assert ask(world, path="/api/health", headers={}).status_code == 200


def test_who_may_not_submit_may_still_ask(world: World) -> None:
    for _ in range(31):
        ask(world, method="POST")

    assert ask(world).status_code == 200


def test_refused_requests_don_t_prolong_the_wait(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="2/second")
    assert [ask(world).status_code for _ in range(4)] == [200, 200, 429, 429]

    deadline = time.monotonic() + 5
    while ask(world).status_code == 429:
        assert time.monotonic() < deadline


def test_each_address_counts_for_itself(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="1/minute")

    assert statuses(world, "192.0.2.1", "192.0.2.2", "192.0.2.1") == [200, 200, 429]


def test_a_whole_ipv6_64_counts_as_one(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="2/minute")
    same = ("2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", "2001:db8:0:1::2")

    assert statuses(world, *same, "2001:db8:0:2::1") == [200, 200, 429, 200]


def test_an_ipv4_address_in_ipv6_clothes_is_the_same_one(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="1/minute")

    assert statuses(world, "::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.2") == [200, 429, 200]


def test_no_header_changes_who_is_asking(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="1/minute")

    answers = [ask(world, forwarded=f"198.51.100.{number}").status_code for number in range(3)]

    assert answers == [200, 429, 429]


@pytest.mark.parametrize(
    ("hops", "first", "second"),
    [
        (1, "198.51.100.1", "198.51.100.2"),
        (2, "198.51.100.1, 10.0.0.1", "198.51.100.2, 10.0.0.1"),
    ],
)
def test_behind_proxies_the_client_is_who_the_outermost_saw(
    make_world: MakeWorld, hops: int, first: str, second: str
) -> None:
    world = make_world(rate_limit="1/minute", trusted_proxies=hops)

    answers = [ask(world, forwarded=forwarded).status_code for forwarded in (first, second, first)]

    assert answers == [200, 200, 429]


@pytest.mark.parametrize("hops", [1, 2])
def test_a_client_that_adds_entries_of_its_own_gains_nothing(make_world: MakeWorld, hops: int) -> None:
    world = make_world(rate_limit="1/minute", trusted_proxies=hops)
    seen = ", ".join(["198.51.100.1", "10.0.0.1"][:hops])

    answers = [ask(world, forwarded=f"203.0.113.{number}, {seen}").status_code for number in range(3)]

    assert answers == [200, 429, 429]


@pytest.mark.parametrize(
    "forwarded", ["unknown", "_hidden", "198.51.100.1:4711", "[2001:db8::1]:443", "\xe4"]
)
def test_an_address_that_can_t_be_read_is_limited_all_the_same(make_world: MakeWorld, forwarded: str) -> None:
    world = make_world(rate_limit="1/minute", trusted_proxies=1)

    assert [ask(world, forwarded=forwarded).status_code for _ in range(2)] == [200, 429]


def test_all_processes_count_together(make_world: MakeWorld) -> None:
    first = make_world(rate_limit="2/minute")
    second = make_world(rate_limit="2/minute")  # beginning to count anew empties what the first counted

    assert [ask(world).status_code for world in (first, second, first)] == [200, 200, 429]


def test_without_valkey_the_limits_hold(make_world: MakeWorld, mortal_valkey: Valkey) -> None:
    world = make_world(redis_url=mortal_valkey.url, rate_limit="3/minute")
    assert ask(world).status_code == 200
    mortal_valkey.kill()

    answers = [ask(world) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert "RateLimit-Remaining" in answers[1].headers
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_requests_that_find_valkey_silent_at_one_time_are_all_answered(
    make_world: MakeWorld, mortal_valkey: Valkey
) -> None:
    world = make_world(redis_url=mortal_valkey.url)
    assert ask(world).status_code == 200
    mortal_valkey.pause()

    def ask_too(_number: int) -> int:
        return world.app.test_client().get("/api/jobs", headers=world.alice.headers).status_code

    with ThreadPoolExecutor(8) as together:
        assert set(together.map(ask_too, range(8))) == {200}


def test_the_limits_are_counted_together_again_once_valkey_is_back(
    make_world: MakeWorld, mortal_valkey: Valkey
) -> None:
    first, second = (make_world(redis_url=mortal_valkey.url, rate_limit="3/minute") for _ in range(2))
    mortal_valkey.kill()
    assert [ask(first).status_code for _ in range(4)] == [200, 200, 200, 429]

    mortal_valkey.start()

    # flask-limiter looks for it again after 1 s, 2 s, 4 s ...
    deadline = time.monotonic() + 20
    while ask(first).status_code == 429:
        assert time.monotonic() < deadline
    assert [ask(second).status_code for _ in range(3)] == [200, 200, 429]


def test_a_valkey_that_says_nothing_doesn_t_keep_clients_waiting(
    make_world: MakeWorld, mortal_valkey: Valkey
) -> None:
    world = make_world(redis_url=mortal_valkey.url)
    mortal_valkey.pause()

    begun = time.monotonic()
    answers = [ask(world).status_code for _ in range(3)]

    assert answers == [200, 200, 200]
    assert time.monotonic() - begun < 6
