"""GET <outputVideo> where VIDEO_REDIRECT sends viewers on to the store."""

from __future__ import annotations

import httpx
import pytest
from werkzeug.test import TestResponse

from app.config.settings import Settings, SettingsError
from app.core import clock
from tests.support.servers import S3
from tests.support.service import wait_until
from tests.support.world import World
from tests.web.views.conftest import MakeWorld

VIDEO = bytes(range(256)) * 40


@pytest.fixture
def world(make_world: MakeWorld, bucket_server: S3, monkeypatch: pytest.MonkeyPatch) -> World:
    for name, value in bucket_server.environment.items():
        monkeypatch.setenv(name, value)
    return make_world(storage_url=bucket_server.environment["STORAGE_URL"], video_redirect=True)


@pytest.fixture
def job_id(world: World) -> str:
    job_id = world.alice.submitted()
    world.complete(job_id, VIDEO)
    return job_id


@pytest.fixture
def link(world: World, job_id: str) -> str:
    return str(world.alice.status(job_id)["outputVideo"])


def asked(world: World, link: str, method: str = "GET") -> TestResponse:
    return world.app.test_client().open(link, method=method)


def sent_to(world: World, link: str, method: str = "GET") -> str:
    answer = asked(world, link, method)
    assert (answer.status_code, answer.data) == (307, b"")
    return answer.headers["Location"]


def test_the_store_plays_it_by_range_without_a_key(world: World, link: str, job_id: str) -> None:
    address = sent_to(world, link)

    whole = httpx.get(address)
    part = httpx.get(address, headers={"Range": "bytes=100-299", "If-Range": whole.headers["ETag"]})

    assert (whole.status_code, whole.content) == (200, VIDEO)
    assert whole.headers["Content-Type"] == "video/mp4"
    assert whole.headers["Content-Disposition"] == f'inline; filename="{job_id}.mp4"'
    assert whole.headers["Cache-Control"] == "private, max-age=3600"
    assert (part.status_code, part.content) == (206, VIDEO[100:300])
    assert part.headers["Content-Range"] == f"bytes 100-299/{len(VIDEO)}"


def test_the_store_tells_its_size_to_head(world: World, link: str) -> None:
    answer = httpx.head(sent_to(world, link, "HEAD"))

    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(len(VIDEO)))


def test_a_browser_asks_us_each_time(world: World, link: str) -> None:
    assert asked(world, link).headers["Cache-Control"] == "no-store"


def test_the_address_lasts_as_long_as_the_video_and_an_hour(world: World, link: str) -> None:
    assert httpx.URL(sent_to(world, link)).params["X-Amz-Expires"] == "3600"


def test_the_address_expires_with_our_link(world: World, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    last_second = int(httpx.URL(link).params["expires"]) - 1
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: float(last_second))

    address = sent_to(world, link)

    assert httpx.URL(address).params["X-Amz-Expires"] == "1"
    wait_until(lambda: httpx.get(address).status_code == 403, seconds=10)


def test_an_expired_link_leads_nowhere(world: World, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    later = clock.now_seconds() + 30 * 86_400
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: later)

    assert asked(world, link).status_code == 404


def test_a_deleted_video_is_gone_at_the_store_too(world: World, link: str, job_id: str) -> None:
    address = sent_to(world, link)

    world.alice.delete(f"/api/jobs/{job_id}")
    assert asked(world, link).status_code == 404
    world.alice.delete(f"/api/jobs/{job_id}?permanent=true")

    assert (asked(world, link).status_code, httpx.get(address).status_code) == (404, 404)


def test_a_download_comes_from_us_under_a_name(world: World, link: str, job_id: str) -> None:
    with asked(world, f"{link}&download=1") as answer:
        assert (answer.status_code, answer.data) == (200, VIDEO)
        assert answer.headers["Content-Disposition"] == f'attachment; filename="{job_id}.mp4"'


def test_both_pages_may_take_videos_from_the_store(world: World, job_id: str, bucket_server: S3) -> None:
    for path in (world.alice.status(job_id)["outputShareLink"], "/"):
        policy = world.alice.get(path).headers["Content-Security-Policy"]
        (media,) = (each for each in policy.split("; ") if each.startswith("media-src"))
        assert media.endswith(f" https://talkreel.test {bucket_server.endpoint}")


def test_it_needs_a_store_that_can_serve(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VIDEO_REDIRECT", "1")

    with pytest.raises(SettingsError, match="VIDEO_REDIRECT='1': needs STORAGE_URL"):
        Settings.load()
