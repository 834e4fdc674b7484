"""The API's document as a page in a real browser: it is read, and tried."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.visitor import PICTURE, VOICE
from tests.browser.watched import DESKTOP, Watched
from tests.support.service import Service


@pytest.fixture(params=["light"])
def watched(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Watched]:
    page = browser.new_page(viewport=DESKTOP, color_scheme=request.param)
    yield Watched(page)
    page.close()


def test_it_is_read_and_tried_with_the_key_of_the_tab(watched: Watched, service: Service) -> None:
    page, asked = watched.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(service.address)
    page.evaluate("key => sessionStorage.setItem('talkreel-key', key)", service.user("visitor").key["apiKey"])

    page.goto(f"{service.address}/docs")
    answer = tried(page, "getApiJobs")

    expect(answer).to_contain_text('"hasNextPage": false')
    assert [url for url in asked if not url.startswith((service.address, "data:"))] == []
    assert watched.complaints == []


def test_a_video_is_made_by_choosing_two_files(watched: Watched, service: Service) -> None:
    page = watched.page
    page.goto(service.address)
    page.evaluate("key => sessionStorage.setItem('talkreel-key', key)", service.user("visitor").key["apiKey"])
    page.goto(f"{service.address}/docs#/Jobs/postApiJobs")
    page.get_by_role("button", name="Try it out").click()

    for name, chosen in zip(("image", "audio"), (PICTURE, VOICE), strict=True):
        page.locator(f"tr[data-property-name={name}] input[type=file]").set_input_files(chosen)
    page.get_by_role("button", name="Execute").click()

    expect(page.locator(".live-responses-table")).to_contain_text("Job created")
    assert watched.complaints == []


def tried(page: Page, operation_id: str) -> Locator:
    """Opens the operation, sends the request that is there, and gives the answer's place."""
    operation = page.locator(f"[id$='-{operation_id}']")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    return operation.locator(".live-responses-table")
