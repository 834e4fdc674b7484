"""GET <outputVideo>"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.core import clock
from tests.support.world import World
from tests.web.views.conftest import MakeWorld

#: Longer than a chunk of either store, and the same nowhere.
VIDEO = b"".join(number.to_bytes(4, "big") for number in range(600_000))
DAY_SECONDS = 86_400


@dataclass(frozen=True)
class Viewer:
    """Somebody who has nothing but the address of a video."""

    client: FlaskClient
    path: str

    def get(self, path: str | None = None, *, method: str = "GET", **headers: str) -> TestResponse:
        """The answer, read whole. An `If_Range` is the header `If-Range`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.open(path or self.path, method=method, headers=named)
        with answer:
            answer.get_data()
        return answer

    def head(self, **headers: str) -> TestResponse:
        return self.get(method="HEAD", **headers)


def viewer_of(world: World) -> Viewer:
    job_id = world.alice.submitted()
    world.complete(job_id, VIDEO)
    address: str = world.alice.status(job_id)["outputVideo"]
    return Viewer(world.app.test_client(), address.removeprefix(world.settings.public_url))


@pytest.fixture
def viewer(storage_world: World) -> Viewer:
    """A viewer of a video in each store in turn."""
    return viewer_of(storage_world)


@pytest.fixture
def local_viewer(world: World) -> Viewer:
    return viewer_of(world)


def test_the_video_plays_without_a_key(viewer: Viewer) -> None:
    answer = viewer.get()

    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.headers["Content-Length"] == str(len(VIDEO))
    assert answer.headers["Accept-Ranges"] == "bytes"
    assert answer.data == VIDEO


def test_head_tells_the_same_without_the_video(viewer: Viewer) -> None:
    whole, head = viewer.get(), viewer.head()

    assert head.status_code == 200
    assert head.data == b""
    for name in ("Content-Type", "Content-Length", "Accept-Ranges", "ETag", "Cache-Control"):
        assert head.headers[name] == whole.headers[name]


@pytest.mark.parametrize(
    ("asked", "begin", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-1", 0, 2),
        ("bytes=1000000-1999999", 1_000_000, 2_000_000),
        ("bytes=2399990-", 2_399_990, len(VIDEO)),
        ("bytes=2399990-9999999", 2_399_990, len(VIDEO)),
        ("bytes=-10", len(VIDEO) - 10, len(VIDEO)),
        ("bytes=-9999999", 0, len(VIDEO)),
        ("bytes=0-", 0, len(VIDEO)),
    ],
)
def test_a_range_brings_its_bytes_alone(viewer: Viewer, asked: str, begin: int, end: int) -> None:
    answer = viewer.get(Range=asked)

    assert answer.status_code == 206
    assert answer.headers["Content-Range"] == f"bytes {begin}-{end - 1}/{len(VIDEO)}"
    assert answer.headers["Content-Length"] == str(end - begin)
    assert answer.headers["Content-Type"] == "video/mp4"
    assert answer.data == VIDEO[begin:end]


@pytest.mark.parametrize("asked", ["bytes=2400000-", "bytes=9999999-99999999", "bytes=-0", "bytes=5-1"])
def test_a_range_behind_the_end_is_told_the_length(viewer: Viewer, asked: str) -> None:
    answer = viewer.get(Range=asked)

    assert answer.status_code == 416
    assert answer.headers["Content-Range"] == f"bytes */{len(VIDEO)}"
    assert (answer.json or {})["code"] == "range_not_satisfiable"


def test_head_knows_no_ranges(local_viewer: Viewer) -> None:
    head = local_viewer.head(Range="bytes=0-1")

    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(VIDEO)))


@pytest.mark.parametrize(
    "asked", ["seconds=0-1", "bytes=abc", "bytes=", "0-1", "bytes=0-1,5-6", "bytes=0-1, -5"]
)
def test_a_range_we_dont_serve_brings_the_whole(local_viewer: Viewer, asked: str) -> None:
    answer = local_viewer.get(Range=asked)

    assert answer.status_code == 200
    assert answer.data == VIDEO


def test_a_range_of_the_video_at_hand_is_continued(viewer: Viewer) -> None:
    etag = viewer.head().headers["ETag"]

    answer = viewer.get(Range="bytes=10-19", If_Range=etag)

    assert (answer.status_code, answer.data) == (206, VIDEO[10:20])


@pytest.mark.parametrize("other", ['"another"', "Wed, 21 Oct 2015 07:28:00 GMT"])
def test_a_range_of_another_video_brings_the_whole(viewer: Viewer, other: str) -> None:
    answer = viewer.get(Range="bytes=10-19", If_Range=other)

    assert (answer.status_code, answer.data) == (200, VIDEO)


def test_who_has_the_video_is_spared_it(viewer: Viewer) -> None:
    etag = viewer.head().headers["ETag"]

    answer = viewer.get(If_None_Match=etag)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert viewer.get(If_None_Match='"another"').status_code == 200


def test_the_etag_is_strong(local_viewer: Viewer) -> None:
    assert re.fullmatch(r'"[\x21\x23-\x7e]+"', local_viewer.head().headers["ETag"])


def test_two_videos_have_two_etags(world: World) -> None:
    assert viewer_of(world).head().headers["ETag"] != viewer_of(world).head().headers["ETag"]


def test_an_address_expires(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    viewer, now = viewer_of(world), clock.now_seconds()

    monkeypatch.setattr("app.core.clock.now_seconds", lambda: now + 7 * DAY_SECONDS)
    assert viewer.head().status_code == 200
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: now + 7 * DAY_SECONDS + 3601)
    expired = viewer.get()

    assert expired.status_code == 404
    assert (expired.json or {})["code"] == "link_expired"


@pytest.mark.parametrize("ttl_seconds", [1, 3, 19, 60, 3_600, 604_800])
@pytest.mark.parametrize("past_the_hour", [0.0, 2.9, 3599.9])
def test_an_address_lives_as_long_as_it_is_said_and_a_twentieth_at_most(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch, ttl_seconds: int, past_the_hour: float
) -> None:
    now = 3600 * 500_000 + past_the_hour
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: now)
    viewer = viewer_of(make_world(output_url_ttl=ttl_seconds))

    def is_open(after_seconds: float) -> bool:
        monkeypatch.setattr("app.core.clock.now_seconds", lambda: now + after_seconds)
        return viewer.head().status_code == 200

    step_seconds = max(1, ttl_seconds / 20)
    assert is_open(ttl_seconds - 0.01)
    assert not is_open(ttl_seconds + step_seconds)


def test_an_expired_address_is_replaced_by_asking_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = world.alice.submitted()
    world.complete(job_id)
    later = clock.now_seconds() + 30 * DAY_SECONDS
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: later)

    address = world.alice.status(job_id)["outputVideo"]

    assert Viewer(world.app.test_client(), address).head().status_code == 200


def test_a_changed_address_opens_nothing(world: World) -> None:
    viewer, other = viewer_of(world), viewer_of(world)
    path, _, query = viewer.path.partition("?")
    expires, signature = re.findall(r"=([^&]+)", query)
    later = int(expires) + DAY_SECONDS

    changed = [
        path,
        f"{path}?expires={expires}",
        f"{path}?signature={signature}",
        f"{path}?expires={later}&signature={signature}",
        f"{path}?expires={expires}&signature={signature[:-1]}",
        f"{path}?expires={expires}&signature={signature.swapcase()}",
        f"{path}?expires=&signature={signature}",
        f"{path}?expires={expires}&signature=%00",
        f"{other.path.partition('?')[0]}?{query}",
        viewer.path.replace(".mp4", ".mp3"),
        viewer.path.replace("/videos/", "/videos/%00"),
    ]

    assert {viewer.get(address).status_code for address in changed} == {404}


def test_a_deleted_video_is_gone(viewer: Viewer, storage_world: World) -> None:
    (job,) = (storage_world.alice.get("/api/jobs").json or {})["jobs"]

    storage_world.alice.delete(f"/api/jobs/{job['id']}")

    assert viewer.get().status_code == 404


def test_a_video_whose_file_is_lost_is_not_found(viewer: Viewer, storage_world: World) -> None:
    (job,) = (storage_world.alice.get("/api/jobs").json or {})["jobs"]
    storage_world.services.storage.delete(f"outputs/{job['id']}")

    answer = viewer.get()

    assert answer.status_code == 404
    assert (answer.json or {})["code"] == "file_missing"


def test_only_completed_jobs_have_an_address(world: World) -> None:
    job_id = world.alice.submitted()

    assert world.alice.status(job_id)["outputVideo"] is None
    assert world.alice.get(f"/videos/{job_id}.mp4").status_code == 404
