"""The share page in a real browser: the video plays, seeks and shows the picture."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize, expect

from tests.browser.watched import DESKTOP, Watched
from tests.support.service import Service
from tests.support.world import wav

PHONE = ViewportSize(width=390, height=844)
PHONE_ON_ITS_SIDE = ViewportSize(width=844, height=390)

#: Squares a side that the picture's colours are compared in, and how far a channel may be off.
GRID = 4
TOLERANCE = 12

#: Of a still video: seconds between key frames; the squares a side that it is compared in, and how far its
#: channels may be off on average.
GOP_SECONDS = 10
FINE_GRID, FINE_TOLERANCE = 64, 3

SEEK = """(video, seconds) => new Promise((resolve, reject) => {
    video.addEventListener("seeked", () => resolve(video.currentTime), { once: true });
    video.addEventListener("error", () => reject(video.error), { once: true });
    video.currentTime = seconds;
})"""
DRAWN = """(video, side) => {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext("2d").drawImage(video, 0, 0);
    const small = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
    small.imageSmoothingQuality = "high";
    small.drawImage(canvas, 0, 0, side, side);
    return Array.from(small.getImageData(0, 0, side, side).data);
}"""


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport=DESKTOP)
    yield Watched(page)
    page.close()


@pytest.fixture
def page(watched: Watched, finished: dict[str, Any]) -> Page:
    """The share page, its video's metadata loaded."""
    watched.page.goto(finished["outputShareLink"])
    watched.page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    return watched.page


def test_the_video_loads_plays_and_nothing_complains(
    page: Page, watched: Watched, finished: dict[str, Any]
) -> None:
    video = page.locator("video")
    assert video.evaluate("v => v.duration") == pytest.approx(finished["durationSeconds"], abs=0.05)
    assert video.evaluate("v => [v.videoWidth, v.videoHeight]") == [finished["width"], finished["height"]]

    video.evaluate("v => v.play()")

    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
    assert watched.complaints == []


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_the_picture_is_seen_wherever_one_seeks_to(
    page: Page, finished: dict[str, Any], portrait: Path, share: float
) -> None:
    video = page.locator("video")
    wanted_seconds = share * finished["durationSeconds"]

    reached_seconds = video.evaluate(SEEK, wanted_seconds)

    assert reached_seconds == pytest.approx(wanted_seconds, abs=0.05)
    seen = video.evaluate(DRAWN, GRID)
    with Image.open(portrait) as opened:
        expected = opened.convert("RGBA").resize((GRID, GRID), Image.Resampling.BOX).tobytes()
    assert list(expected) == pytest.approx(seen, abs=TOLERANCE)


@pytest.fixture(scope="module")
def long_still(service: Service, portrait: Path) -> dict[str, Any]:
    """The status object of a picture that stands for 35 s, with a key frame every ten."""
    carol = service.user("carol")
    silence = wav(35 * 8_000, sample_rate=8_000)
    return carol.wait_for(carol.submitted(portrait.read_bytes(), silence, motion="still"), "COMPLETED")


def test_a_long_still_video_is_the_picture_everywhere_and_plays_over_key_frames(
    watched: Watched, long_still: dict[str, Any], portrait: Path
) -> None:
    page, video = watched.page, watched.page.locator("video")
    page.goto(long_still["outputShareLink"])
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")
    with Image.open(portrait) as opened:
        expected = opened.convert("RGBA").resize((FINE_GRID, FINE_GRID), Image.Resampling.BOX).tobytes()

    before_key_frame = 2 * GOP_SECONDS - 0.04
    for wanted_seconds in (34.9, 0, before_key_frame):
        assert video.evaluate(SEEK, wanted_seconds) == pytest.approx(wanted_seconds, abs=0.05)
        seen = video.evaluate(DRAWN, FINE_GRID)
        differences = [abs(one - other) for one, other in zip(seen, expected, strict=True)]
        assert sum(differences) / len(differences) < FINE_TOLERANCE

    video.evaluate("v => v.play()")

    page.wait_for_function("s => document.querySelector('video').currentTime > s", arg=2 * GOP_SECONDS + 0.3)
    assert watched.complaints == []


def test_a_messenger_finds_the_video_by_its_open_graph_tags(page: Page, finished: dict[str, Any]) -> None:
    tags: dict[str, str] = page.evaluate(
        "Object.fromEntries([...document.querySelectorAll('meta[property]')]"
        ".map(tag => [tag.getAttribute('property'), tag.content]))"
    )

    assert tags["og:type"] == "video.other"
    assert tags["og:title"]
    assert tags["og:url"] == finished["outputShareLink"]
    assert tags["og:video:type"] == "video/mp4"
    assert tags["og:video:width"] == str(finished["width"])
    assert tags["og:video:height"] == str(finished["height"])
    assert httpx.head(tags["og:video"]).headers["Content-Type"] == "video/mp4"


def test_the_download_button_saves_the_video(page: Page, finished: dict[str, Any], tmp_path: Path) -> None:
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()

    started.value.save_as(tmp_path / "saved.mp4")
    assert started.value.suggested_filename.endswith(".mp4")
    assert (tmp_path / "saved.mp4").read_bytes() == httpx.get(finished["outputVideo"]).content


@pytest.mark.parametrize("size", [PHONE, PHONE_ON_ITS_SIDE, DESKTOP], ids=["phone", "on its side", "desktop"])
def test_the_whole_video_and_the_button_are_in_view(page: Page, size: ViewportSize) -> None:
    page.set_viewport_size(size)

    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator("video")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("link", name="Download")).to_be_in_viewport(ratio=1)


def test_the_page_does_not_jump_when_the_video_arrives(watched: Watched, finished: dict[str, Any]) -> None:
    page = watched.page
    page.route("**/*.mp4*", lambda route: route.abort())
    page.goto(finished["outputShareLink"])
    before = page.locator("video").bounding_box()

    page.unroute("**/*.mp4*")
    page.goto(finished["outputShareLink"])
    page.wait_for_function("() => document.querySelector('video').readyState >= 1")

    assert page.locator("video").bounding_box() == before


def test_the_poster_is_the_picture_before_the_video_is_there(
    watched: Watched, finished: dict[str, Any]
) -> None:
    page = watched.page
    page.route("**/*.mp4*", lambda route: route.abort())
    page.goto(finished["outputShareLink"])

    poster = page.locator("video").evaluate(
        "video => { const image = new Image(); image.src = video.poster;"
        " return image.decode().then(() => [image.naturalWidth, image.naturalHeight]); }"
    )

    assert poster == [finished["width"], finished["height"]]


def test_an_unknown_link_says_kindly_that_the_video_is_gone(watched: Watched, service: Service) -> None:
    answer = watched.page.goto(f"{service.address}/share/{'a' * 24}")

    assert answer is not None
    assert answer.status == 404
    expect(watched.page.get_by_role("heading", name="This video is gone")).to_be_visible()
    assert watched.page.evaluate("document.styleSheets.length") == 2


class Embedding(BaseHTTPRequestHandler):
    """Somebody else's page, with the address after the question mark in a frame."""

    def do_GET(self) -> None:
        page = (
            f"<!doctype html><link rel=icon href=data:,><iframe src='{self.path.partition('?')[2]}'></iframe>"
        )
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Embedding) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()


def test_the_player_plays_in_a_frame_of_somebody_else_s_page(
    watched: Watched, finished: dict[str, Any], elsewhere: str
) -> None:
    watched.page.goto(f"{elsewhere}?{finished['outputShareLink']}")
    video = watched.page.frame_locator("iframe").locator("video")

    assert video.evaluate("v => v.play().then(() => v.paused)") is False
    assert watched.complaints == []
