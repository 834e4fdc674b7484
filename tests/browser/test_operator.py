"""The operator's page in a real browser: what is shown, and the second chance."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app.database.database import Database
from app.keys import api_keys
from tests.browser.watched import Watched
from tests.support.service import Service, User


@pytest.fixture(scope="module")
def admin_key(service: Service) -> str:
    database = Database(f"sqlite:///{service.data_dir / 'talkreel.db'}")
    minted = api_keys.mint(database, "operator", is_admin=True)
    database.close()
    return minted.api_key


@pytest.fixture(scope="module")
def unlucky(service: Service) -> tuple[User, str]:
    """Somebody whose job has failed."""
    user = service.user("visitor")
    job_id = user.submitted(motion="talking")
    user.wait_for(job_id, "FAILED")
    return user, job_id


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto(f"{service.address}/operator")
    yield page
    page.close()


def enter(page: Page, key: str) -> None:
    page.get_by_role("textbox", name="API key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_a_failed_job_is_seen_with_its_log_and_tried_again(
    page: Page, admin_key: str, unlucky: tuple[User, str]
) -> None:
    watched = Watched(page)
    user, job_id = unlucky
    enter(page, admin_key)

    failure = page.locator("#failures > li", has_text=job_id)
    expect(failure).to_contain_text("No face was found in the picture.")
    failure.get_by_text("How the log of its last attempt ended").click()
    expect(failure.locator("pre")).to_contain_text("attempt=1")
    expect(page.locator("#workers tr")).to_have_count(2)
    failed_at = user.status(job_id)["updatedAt"]
    failure.get_by_role("button", name="Try it again").click()

    expect(page.get_by_role("status")).to_have_text("Job queued again")
    assert user.wait_for(job_id, "FAILED")["updatedAt"] > failed_at
    assert (watched.complaints, watched.barriers()) == ([], [])


def test_a_key_that_is_no_admin_s_is_refused_in_words(page: Page, service: Service) -> None:
    enter(page, service.user("visitor").key["apiKey"])

    expect(page.get_by_text("This takes the key of an admin.")).to_be_visible()
    expect(page.get_by_role("heading", name="Queue")).to_be_hidden()
