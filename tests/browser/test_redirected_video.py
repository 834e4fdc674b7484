"""The share page where videos come from the store: another site, to a browser."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import EXAMPLES
from tests.browser.watched import DESKTOP, Watched
from tests.support.servers import s3
from tests.support.service import Service


@pytest.fixture(scope="module")
def redirecting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("redirecting")
    with s3() as store, Service(folder, VIDEO_REDIRECT="1", **store.environment) as service:
        yield service


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport=DESKTOP)
    yield Watched(page)
    page.close()


def test_the_video_plays_from_the_store_and_its_download_is_named(
    watched: Watched, redirecting: Service, portrait: Path, tmp_path: Path
) -> None:
    alice, page = redirecting.user("alice"), watched.page
    voice = (EXAMPLES / "voice.mp3").read_bytes()
    done = alice.wait_for(alice.submitted(portrait.read_bytes(), voice, motion="still"), "COMPLETED")
    came_from: list[tuple[str, int]] = []
    page.on("response", lambda answer: came_from.append((httpx.URL(answer.url).path, answer.status)))

    page.goto(done["outputShareLink"])
    page.locator("video").evaluate("video => video.play()")
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.5")
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    started.value.save_as(tmp_path / "saved.mp4")

    assert (f"/videos/{done['jobId']}.mp4", 307) in came_from
    assert (f"/talkreel/tests/outputs/{done['jobId']}/0.mp4", 206) in came_from
    assert started.value.suggested_filename == f"{done['jobId']}.mp4"
    whole = httpx.get(done["outputVideo"], follow_redirects=True).content
    assert (tmp_path / "saved.mp4").read_bytes() == whole
    assert watched.complaints == []
