"""The page at the root in a real browser: from a key to a video, and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, Route, ViewportSize, expect

from app.web.views.page import ACCEPTED
from tests.browser.visitor import PICTURE, Visitor, no_workers
from tests.support.service import Service

PHONE = ViewportSize(width=360, height=740)
PDF = {**PICTURE, "buffer": b"%PDF-1.7\n"}
NOWHERE = "https://nowhere.invalid/hook"


def test_a_video_is_made_watched_kept_and_shared(visitor: Visitor, tmp_path: Path) -> None:
    page = visitor.page
    visitor.enter()
    visitor.choose()
    visitor.make()
    visitor.made()

    page.locator("#stage-video").evaluate("video => video.play()")
    page.wait_for_function("() => document.querySelector('#stage-video').currentTime > 0.2")
    with page.expect_download() as started:
        page.locator("#stage-download").click()
    started.value.save_as(tmp_path / "saved.mp4")
    visitor.button("Copy its link").click()

    assert (tmp_path / "saved.mp4").read_bytes()[4:8] == b"ftyp"
    link = page.evaluate("navigator.clipboard.readText()")
    assert httpx.get(link).status_code == 200
    expect(visitor.rows).to_have_count(1)
    expect(visitor.rows).to_contain_text("Completed")
    expect(page.get_by_role("status")).to_have_text("The link is copied")
    # A service without a stream of events has the page ask instead.
    assert [each for each in visitor.complaints if "404" not in each and "/events" not in each] == []


def test_the_key_stays_in_the_tab_unless_it_is_to_be_remembered(visitor: Visitor) -> None:
    page = visitor.page
    kept = "() => [sessionStorage, localStorage].map(each => Number('talkreel-key' in each))"
    visitor.enter()
    assert (page.evaluate(kept), visitor.key in page.url) == ([1, 0], False)

    visitor.button("Change key").click()
    assert page.evaluate(kept) == [0, 0]
    page.get_by_label("Remember on this device").check()
    visitor.enter()

    assert page.evaluate(kept) == [0, 1]
    page.reload()
    expect(page.locator("#key-end")).to_have_text(f"…{visitor.key[-4:]}")


def test_a_bad_key_is_said_beside_its_field(visitor: Visitor) -> None:
    visitor.paste("tr_nobody")

    expect(visitor.page.locator("#key-problem")).to_contain_text("not recognized")
    expect(visitor.page.get_by_role("textbox", name="API key")).to_be_focused()


def test_a_bad_file_is_said_beside_its_field_and_the_other_one_is_kept(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose(image=PDF)  # type: ignore[arg-type]
    visitor.make()

    image = visitor.page.locator("#image")
    expect(image).to_be_focused()
    expect(image).to_have_accessible_description(
        f"A face that looks at you: {ACCEPTED['image']}, up to 50 MiB."
        f" This is a PDF. Choose {ACCEPTED['image']}."
    )
    assert visitor.chosen("audio") == "me.wav"


def test_a_bad_webhook_address_is_said_beside_its_field(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose()
    visitor.page.get_by_text("More options").click()
    visitor.page.get_by_role("textbox", name="webhook").fill("http://example.com")
    visitor.make()

    expect(visitor.page.locator("#webhook-problem")).to_contain_text("https://")


def test_what_is_missing_is_said_before_anything_is_sent(visitor: Visitor) -> None:
    visitor.enter()
    visitor.make()

    expect(visitor.page.locator("#image-problem")).to_be_visible()
    expect(visitor.page.locator("#audio-problem")).to_be_visible()
    assert visitor.complaints == []


def test_a_waiting_job_is_found_again_and_can_be_cancelled(visitor: Visitor) -> None:
    with no_workers(visitor.service):
        visitor.user.submitted()
        visitor.enter()
        expect(visitor.page.locator("#stage-title")).to_have_text("Waiting for a free worker")
        visitor.page.locator("#stage-cancel").click()

        expect(visitor.page.locator("#stage-title")).to_have_text("Cancelled")
        expect(visitor.rows).to_contain_text("Cancelled")


def test_progress_comes_by_a_stream_that_is_taken_up_where_it_broke_off(visitor: Visitor) -> None:
    heard: list[str | None] = []

    def stream(route: Route) -> None:
        heard.append(route.request.headers.get("last-event-id"))
        status = visitor.user.status(route.request.url.split("/")[-2])
        going = {**status, "status": "PROCESSING", "phase": "video", "progress": 40, "etaSeconds": 31}
        ended = {**status, "status": "FAILED", "phase": "done", "errorMessage": "The audio holds no sound."}
        event, shown = ("failed", ended) if heard[1:] else ("status", going)
        body = (
            f"retry: 1500\n\n: still here\n\nid: n{len(heard)}\nevent: {event}\ndata: {json.dumps(shown)}\n\n"
        )
        route.fulfill(status=200, content_type="text/event-stream", body=body)

    visitor.page.route("**/api/jobs/*/events", stream)
    with no_workers(visitor.service):
        job_id = visitor.user.submitted()
        visitor.enter()
        expect(visitor.page.get_by_role("heading", name="Drawing the video")).to_be_visible()
        expect(visitor.page.locator("#stage-going .figures")).to_have_text("40 %about 30 seconds left")
        expect(visitor.page.get_by_role("status")).to_have_text("Drawing the video, 25 percent")
        expect(visitor.page.locator("#stage-problem")).to_have_text("The audio holds no sound.")
        visitor.user.http.post(f"/api/jobs/{job_id}/cancel")

    assert heard == [None, "n1"]


def test_the_list_is_filtered_and_read_page_by_page(visitor: Visitor) -> None:
    with no_workers(visitor.service):
        for _ in range(11):
            visitor.user.http.delete(f"/api/jobs/{visitor.user.submitted()}")
    visitor.enter()
    expect(visitor.rows).to_have_count(10)

    visitor.button("Older jobs").click()
    expect(visitor.rows).to_have_count(11)
    expect(visitor.button("Older jobs")).to_be_hidden()
    visitor.page.get_by_label("Show jobs that are").select_option("Completed")

    expect(visitor.rows).to_have_count(0)
    expect(visitor.page.get_by_text("No job is like that.")).to_be_visible()


def test_a_deletion_can_be_undone(visitor: Visitor) -> None:
    job_id = visitor.user.submitted(motion="still")
    before = visitor.user.wait_for(job_id, "COMPLETED")
    visitor.enter()

    visitor.button("Delete").click()
    expect(visitor.button("Undo")).to_be_focused()
    expect(visitor.page.get_by_role("status")).to_have_text("Job deleted successfully")
    assert visitor.user.http.get("/api/jobs").json()["jobs"] == []
    assert httpx.get(before["outputShareLink"]).status_code == 404
    assert visitor.barriers() == []
    visitor.page.keyboard.press("Enter")

    expect(visitor.rows).to_contain_text("Completed")
    expect(visitor.button("Undo")).to_have_count(0)
    expect(visitor.button("Watch")).to_be_focused()
    assert visitor.user.status(job_id) == before


def test_a_deleted_job_is_found_again_and_restored_later(visitor: Visitor) -> None:
    job_id = visitor.user.submitted(motion="still")
    visitor.user.wait_for(job_id, "COMPLETED")
    visitor.user.http.delete(f"/api/jobs/{job_id}")
    visitor.enter()
    expect(visitor.rows).to_have_count(0)

    visitor.page.get_by_label("Show jobs that are").select_option("Deleted")
    expect(visitor.rows).to_contain_text("It can be restored until")
    assert visitor.barriers() == []
    visitor.button("Restore").click()
    expect(visitor.rows).to_have_count(0)

    visitor.page.get_by_label("Show jobs that are").select_option("All of them")
    expect(visitor.rows).to_contain_text("Completed")


def test_a_deletion_for_good_asks_first(visitor: Visitor) -> None:
    job_id = visitor.user.submitted(motion="still")
    visitor.user.wait_for(job_id, "COMPLETED")
    visitor.user.http.delete(f"/api/jobs/{job_id}")
    visitor.enter()
    visitor.page.get_by_label("Show jobs that are").select_option("Deleted")

    visitor.button("Delete for good").click()
    visitor.page.keyboard.press("Escape")
    expect(visitor.rows).to_have_count(1)
    visitor.button("Delete for good").click()
    assert visitor.barriers() == []
    visitor.page.get_by_role("dialog").get_by_role("button", name="Delete", exact=True).click()

    expect(visitor.rows).to_have_count(0)
    expect(visitor.page.locator("#jobs-title")).to_be_focused()
    assert visitor.user.http.get("/api/jobs?deleted=true").json()["jobs"] == []


def test_the_tries_of_a_webhook_are_shown_and_it_is_sent_again(visitor: Visitor) -> None:
    visitor.user.wait_for(visitor.user.submitted(motion="still", webhookUrl=NOWHERE), "COMPLETED")
    visitor.enter()

    visitor.button("Webhook").click()
    rows = visitor.page.locator("#deliveries-body tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("name_not_resolved")
    assert visitor.barriers() == []
    visitor.button("Send it again").click()

    expect(rows).to_have_count(2)


def test_a_recording_is_a_voice_that_the_service_takes(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose(audio=None)
    visitor.button("Record").click()
    expect(visitor.page.locator("#record-time")).to_have_text("0:01")
    visitor.button("Stop").click()
    visitor.page.wait_for_function("() => document.querySelector('.listen').duration > 0.9")

    visitor.make()

    visitor.made()


def test_all_of_it_can_be_done_by_keyboard(visitor: Visitor, portrait: Path) -> None:
    page, keyboard = visitor.page, visitor.page.keyboard
    expect(page.get_by_role("textbox", name="API key")).to_be_focused()
    keyboard.type(visitor.key)
    keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your jobs")).to_be_visible()

    for name, path in (("image", portrait), ("audio", portrait.with_name("voice.mp3"))):
        page.locator(f"#{name}").focus() if name == "image" else keyboard.press("Tab")
        expect(page.locator(f"#{name}")).to_be_focused()
        with page.expect_file_chooser() as opened:
            keyboard.press("Space")
        opened.value.set_files(path)
    for _ in range(20):
        if page.evaluate("document.activeElement.name") == "motion":
            break
        keyboard.press("Tab")
    keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.value") == "still"
    keyboard.press("Enter")

    visitor.made()
    expect(page.locator("#stage-title")).to_be_focused()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Download").first).to_be_focused()


@pytest.mark.parametrize("visitor", ["light", "dark"], indirect=True)
def test_nobody_is_kept_out_and_nothing_is_wider_than_a_phone(visitor: Visitor) -> None:
    page = visitor.page
    page.set_viewport_size(PHONE)
    assert (visitor.barriers(), visitor.fits) == ([], True)
    visitor.enter()
    page.get_by_text("More options").click()
    visitor.make()
    assert (visitor.barriers(), visitor.fits) == ([], True)
    visitor.choose()
    visitor.make()
    visitor.made()
    assert (visitor.barriers(), visitor.fits) == ([], True)
    visitor.button("Delete").click()
    expect(visitor.button("Undo")).to_be_visible()
    assert (visitor.barriers(), visitor.fits) == ([], True)
    visitor.button("Undo").click()
    expect(visitor.button("Delete")).to_be_visible()

    page.goto(visitor.user.http.get("/api/jobs").json()["jobs"][0]["outputShareLink"])

    assert (visitor.barriers(), visitor.fits) == ([], True)


@pytest.fixture
def misnamed(tmp_path: Path) -> Iterator[Service]:
    """A service whose links lead nowhere from here."""
    with Service(tmp_path, RENDER_WORKERS="1", PUBLIC_URL="http://nowhere.invalid/under") as service:
        yield service


def test_videos_play_from_where_the_page_is_and_one_that_can_t_be_loaded_is_said_to_be(
    browser: Browser, misnamed: Service
) -> None:
    with browser.new_context() as context:
        visitor = Visitor(context.new_page(), misnamed)
        visitor.enter()
        visitor.choose()
        visitor.make()
        visitor.made()
        expect(visitor.page.locator("#stage-video")).to_have_js_property("readyState", 4)
        (shared,) = visitor.page.locator("#stage-share-page").evaluate_all(
            "all => all.map(each => each.href)"
        )

        context.route("**/videos/**", lambda route: route.fulfill(status=404))
        visitor.page.get_by_role("button", name="Watch").click()
        expect(visitor.page.get_by_text("The video can't be loaded.")).to_be_visible()

        context.unroute("**/videos/**")
        visitor.page.goto(shared)
        visitor.page.wait_for_function("document.querySelector('video').readyState >= 1")
