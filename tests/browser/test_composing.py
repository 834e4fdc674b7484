"""The form of the page while other jobs run: in two tabs, and with a key for several jobs at once."""

from __future__ import annotations

from contextlib import closing

import pytest
from playwright.sync_api import Browser, FilePayload, expect

from app.database.database import Database
from app.keys import api_keys
from tests.browser.visitor import PICTURE, Visitor, no_workers
from tests.support.service import Service, User

ANOTHER: FilePayload = {**PICTURE, "name": "another.png"}


def test_a_second_submission_is_refused_as_such_and_its_files_stay(visitor: Visitor) -> None:
    second = visitor.another_tab()
    for tab in (visitor, second):
        tab.enter()
    second.choose(image=ANOTHER)
    with no_workers(visitor.service):
        visitor.choose()
        visitor.make()
        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")

        second.make()
        expect(second.problem("composer")).to_be_focused()
        expect(second.problem("composer")).to_contain_text("You already have an active job")
        assert (second.chosen("image"), second.chosen("audio")) == ("another.png", "me.wav")
        assert second.barriers() == []
        expect(second.page.locator("#stage")).to_be_hidden()
        second.button("Show that job").click()
        expect(second.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
    for tab in (visitor, second):
        tab.made()

    assert second.chosen("image") == "another.png"
    second.make()
    expect(second.rows).to_have_count(2)
    second.made()
    assert (second.chosen("image"), second.chosen("audio")) == (None, None)


def test_composing_goes_on_while_a_job_runs(visitor: Visitor) -> None:
    visitor.enter()
    with no_workers(visitor.service):
        visitor.choose()
        visitor.make()
        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
        assert visitor.chosen("image") is None
        visitor.choose(image=ANOTHER)
        expect(visitor.tile("image")).to_contain_text("another.png")
    visitor.made()

    assert visitor.chosen("image") == "another.png"
    visitor.button("Close").click()
    expect(visitor.page.locator("#stage")).to_be_hidden()
    assert visitor.chosen("image") == "another.png"


def test_what_was_chosen_before_the_key_was_given_is_kept(visitor: Visitor) -> None:
    with no_workers(visitor.service):
        job_id = visitor.user.submitted()
        visitor.choose()
        visitor.enter()

        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
        expect(visitor.button("Make the video")).to_be_visible()
        assert visitor.chosen("image") == "me.png"
        visitor.user.http.post(f"/api/jobs/{job_id}/cancel")


@pytest.fixture
def busy(service: Service) -> User:
    """Somebody with a key for three jobs at once."""
    with closing(Database(f"sqlite:///{service.data_dir / 'talkreel.db'}")) as database:
        minted = api_keys.mint(database, "busy", max_active_jobs=3)
    return service.user_with({"id": minted.id, "name": "busy", "apiKey": minted.api_key})


def test_three_jobs_run_at_once_and_the_list_follows_them_to_their_ends(
    browser: Browser, service: Service, busy: User
) -> None:
    with browser.new_context() as context:
        visitor = Visitor(context.new_page(), service, busy)
        visitor.enter()
        with no_workers(service):
            for count in (1, 2, 3):
                visitor.choose()
                visitor.make()
                expect(visitor.rows).to_have_count(count)
            visitor.choose()
            visitor.make()
            expect(visitor.problem("composer")).to_contain_text("You already have 3 active jobs")
            expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
            expect(visitor.page.locator(".badge.pending")).to_have_count(3)

        expect(visitor.page.locator(".badge.completed")).to_have_count(3)
        visitor.make()
        expect(visitor.rows).to_have_count(4)
