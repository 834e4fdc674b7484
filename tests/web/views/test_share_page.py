"""GET <outputShareLink>"""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from urllib.parse import urljoin

import pytest
from werkzeug.test import TestResponse

from tests.support.world import POSTER, World


class Page(HTMLParser):
    """The addresses in a page, by element and attribute, and what it says of itself, by name."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: dict[tuple[str, str], str] = {}
        self.by_name: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: unescape(value or "") for name, value in attrs}
        self.found.update({(tag, name): value for name, value in given.items()})
        if tag == "meta" and "content" in given:
            self.by_name[given.get("property") or given["name"]] = given["content"]


def shared(world: World) -> tuple[str, str]:
    """A completed job's id and share link."""
    job_id = world.alice.submitted()
    world.complete(job_id, b"a video")
    return job_id, world.alice.status(job_id)["outputShareLink"]


def read(world: World, address: str) -> TestResponse:
    """The answer to somebody without a key, read whole."""
    answer = world.app.test_client().get(address)
    with answer:
        answer.get_data()
    return answer


def test_the_page_plays_the_video_for_anybody(database_world: World) -> None:
    _, link = shared(database_world)

    answer = read(database_world, link)

    assert answer.status_code == 200
    assert answer.content_type == "text/html; charset=utf-8"
    video = Page(answer.text).found["video", "src"]
    assert video
    assert read(database_world, urljoin(link, video)).data == b"a video"


def test_the_page_s_style_is_served_too(world: World) -> None:
    _, link = shared(world)

    style = read(world, urljoin(link, Page(read(world, link).text).found["link", "href"]))

    assert style.status_code == 200
    assert style.content_type.startswith("text/css")


def test_the_poster_is_the_picture_for_anybody_with_the_link(storage_world: World) -> None:
    _, link = shared(storage_world)

    page = Page(read(storage_world, link).text)
    answer = read(storage_world, page.by_name["og:image"])

    assert page.by_name["og:image"] == page.by_name["twitter:image"] == f"{link}/poster.jpg"
    assert urljoin(link, page.found["video", "poster"]) == f"{link}/poster.jpg"
    assert (answer.data, answer.content_type) == (POSTER, "image/jpeg")
    assert answer.headers["X-Robots-Tag"] == "noindex"


def test_messengers_are_told_of_a_player_for_a_frame(world: World) -> None:
    _, link = shared(world)

    names = Page(read(world, link).text).by_name

    assert (names["twitter:card"], names["twitter:player"]) == ("player", link)
    assert (names["twitter:player:width"], names["twitter:player:height"]) == ("32", "32")
    assert (names["og:video:type"], names["og:video"]) == ("video/mp4", names["og:video:secure_url"])
    assert names["robots"] == "noindex"


def test_the_link_outlives_the_video_s_address(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, link = shared(world)
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: 4_000_000_000.0)

    source = Page(read(world, link).text).found["video", "src"] or ""
    assert read(world, urljoin(link, source)).data == b"a video"


def test_the_page_tells_nobody_where_it_is(world: World) -> None:
    answer = read(world, shared(world)[1])

    assert answer.headers["X-Robots-Tag"] == "noindex"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_the_link_says_nothing_about_the_job(world: World) -> None:
    job_id, link = shared(world)

    assert job_id not in link
    assert read(world, f"/share/{job_id}").status_code == 404


@pytest.mark.parametrize("token", ["x" * 24, "%00", "None", "%ff", "..%2f..%2fetc"])
def test_an_unknown_link_has_a_page_too(database_world: World, token: str) -> None:
    answer = read(database_world, f"/share/{token}")

    assert answer.status_code == 404
    if "%2f" not in token:
        assert answer.content_type == "text/html; charset=utf-8"


def test_the_page_goes_with_its_job(world: World) -> None:
    job_id, link = shared(world)

    world.alice.delete(f"/api/jobs/{job_id}")

    assert read(world, link).status_code == read(world, f"{link}/poster.jpg").status_code == 404
