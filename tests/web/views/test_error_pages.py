"""What somebody sees who followed a link that leads nowhere any more; and what a program gets."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urljoin

import pytest
from werkzeug.test import TestResponse

from app.core import clock
from tests.support.world import World
from tests.web.views.test_share_page import Page, shared

#: As Chromium sends it when somebody opens a link.
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8"
PICTURES = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"
PROGRAMS = ["application/json", "application/json, text/html;q=0.9", "application/*"]
NOBODY_IN_PARTICULAR = [
    None,
    "*/*",
    "application/json, text/html",
    "text/plain",
    "video/mp4,*/*;q=0.5",
    PICTURES,
]


def opened(world: World, address: str, accept: str | None = BROWSER, method: str = "GET") -> TestResponse:
    """The answer to somebody without a key, read whole."""
    headers = {} if accept is None else {"Accept": accept}
    answer = world.app.test_client().open(address, method=method, headers=headers)
    with answer:
        answer.get_data()
    return answer


def deleted(world: World) -> list[str]:
    job_id, link = shared(world)
    video = world.alice.status(job_id)["outputVideo"]
    world.alice.delete(f"/api/jobs/{job_id}")
    return [video, link, f"{link}/poster.jpg"]


def deleted_for_good(world: World) -> list[str]:
    links = deleted(world)
    (job,) = (world.alice.get("/api/jobs?deleted=true").json or {})["jobs"]
    world.alice.delete(f"/api/jobs/{job['id']}?permanent=true")
    return links


def never_finished(world: World) -> list[str]:
    job_id = world.alice.submitted()
    return [f"/videos/{job_id}.mp4", f"/videos/{job_id}.mp4?expires=1&signature=x", f"/share/{job_id}"]


@pytest.mark.parametrize("links_of", [deleted, deleted_for_good, never_finished])
def test_a_person_reads_that_a_video_is_gone(world: World, links_of: Callable[[World], list[str]]) -> None:
    for link in links_of(world):
        answer = opened(world, link)

        assert answer.status_code == 404
        assert answer.content_type == "text/html; charset=utf-8"
        assert "<h1>This video is gone</h1>" in answer.text
        assert "Ask the person who sent it for a new one." in answer.text
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Accept" in answer.headers["Vary"]
        style = opened(world, urljoin(link, Page(answer.text).found["link", "href"]), "text/css")
        assert style.status_code == 200


def test_a_person_reads_that_a_link_has_expired(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id, _ = shared(world)
    video = world.alice.status(job_id)["outputVideo"]
    later = clock.now_seconds() + 30 * 86_400
    monkeypatch.setattr("app.core.clock.now_seconds", lambda: later)

    answer = opened(world, video)

    assert (answer.status_code, "or has expired" in answer.text) == (404, True)


@pytest.mark.parametrize("accept", [*PROGRAMS, *NOBODY_IN_PARTICULAR])
def test_a_program_gets_json_for_a_video(world: World, accept: str | None) -> None:
    video, _, poster = deleted(world)

    for link in (video, poster):
        answer = opened(world, link, accept)
        assert (answer.status_code, (answer.json or {})["code"]) == (404, "link_expired")


def test_a_share_page_is_a_page_unless_json_is_asked_for(world: World) -> None:
    _, link, _ = deleted(world)

    assert {(opened(world, link, accept).json or {})["code"] for accept in PROGRAMS} == {"link_expired"}
    for accept in (None, "*/*", BROWSER):
        assert opened(world, link, accept).content_type == "text/html; charset=utf-8"


def test_a_person_reads_that_a_file_is_lost(world: World) -> None:
    job_id, link = shared(world)
    video = world.alice.status(job_id)["outputVideo"]
    world.services.storage.delete(f"outputs/{job_id}")

    for address in (video, f"{link}/poster.jpg"):
        answer = opened(world, address)
        assert (answer.status_code, "The file is not stored any more." in answer.text) == (404, True)
        assert (opened(world, address, "*/*").json or {})["code"] == "file_missing"


def test_a_person_at_no_address_reads_so(world: World) -> None:
    answer = opened(world, "/some/where/else")

    assert (answer.status_code, "<h1>Nothing is here</h1>" in answer.text) == (404, True)
    style = urljoin("/some/where/else", Page(answer.text).found["link", "href"])
    assert opened(world, style, "text/css").status_code == 200
    assert (opened(world, "/some/where/else", "*/*").json or {})["code"] == "not_found"


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/jobs", "/api/nowhere"])
def test_below_api_everybody_gets_json(world: World, path: str) -> None:
    assert opened(world, path).content_type == "application/json"


def test_an_address_puts_nothing_of_its_own_into_the_page(world: World) -> None:
    answer = opened(world, "/%3Cscript%3Ealert(1)%3C/script%3E")

    assert "<script" not in answer.text


def test_whoever_asks_for_the_head_gets_no_page(world: World) -> None:
    video, link, _ = deleted(world)

    for address in (video, link):
        answer = opened(world, address, method="HEAD")
        assert (answer.status_code, answer.content_type, answer.data) == (
            404,
            "text/html; charset=utf-8",
            b"",
        )
