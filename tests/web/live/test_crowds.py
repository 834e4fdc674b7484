"""A web process with few places for those who wait, and one that is told to stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.operations.exporter import scrape
from tests.support.scraped import read
from tests.support.service import wait_until
from tests.support.world import World
from tests.web.live.clients import Web, many, web

PLACES = 3


@pytest.fixture
def small_web(world: World) -> Iterator[Web]:
    with web(world, MAX_STREAMS=str(PLACES)) as found:
        yield found


def test_where_all_places_are_taken_a_client_is_refused_until_one_has_gone(small_web: Web) -> None:
    alice = small_web.world.alice
    job_id = alice.submitted()
    with many(PLACES, small_web, alice, job_id) as lines:
        assert [line.status for line in lines] == [200] * PLACES
        with small_web.follow(alice, job_id) as refused:
            assert refused.status == 503
            assert "\r\nretry-after: 10\r\n" in refused.headers
            refused.until('"code":"too_many_streams"')
        lines[0].connection.close()

        def is_let_in() -> bool:
            with small_web.follow(alice, job_id) as again:
                return again.status == 200

        wait_until(is_let_in)


def test_a_process_that_stops_sends_its_streams_elsewhere_at_once(small_web: Web) -> None:
    alice = small_web.world.alice
    job_id = alice.submitted()
    with (
        many(PLACES - 1, small_web, alice, job_id) as lines,
        small_web.ask(alice, f"/api/status/{job_id}", "Prefer: wait=30") as waiting,
    ):
        for line in lines:
            line.until('"status":"PENDING"')
        # Asked sooner, whether it is full might take the place of the one that waits.
        wait_until(lambda: was_counted(small_web, "GET", "/api/status/<job_id>", "200"))
        assert is_full(small_web, job_id)

        small_web.server.process.terminate()

        assert [line.to_the_end().endswith("retry: 1000\n\n") for line in lines] == [True] * len(lines)
        assert waiting.body == alice.status(job_id)
    assert small_web.server.process.wait(10) == 0


def was_counted(web: Web, *request: str) -> bool:
    """Whether the process has let that request pass, by method, route and status."""
    services = web.world.services
    metrics = scrape(services.settings.data_dir, services.database, services.job_queue)
    return read(metrics.decode()).get(("talkreel_http_requests_total", *request)) == 1


def is_full(web: Web, job_id: str) -> bool:
    with web.follow(web.world.alice, job_id) as one_more:
        return one_more.status == 503
