"""An upload from the page: it can be stopped, and isn't lost by accident."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Dialog, Page, expect

from tests.browser.visitor import PICTURE, Visitor

#: Slow enough to be stopped, with a file that is large beside the browser's and the kernel's buffers.
BYTES_PER_SECOND = 1_000_000
LARGE = {**PICTURE, "buffer": PICTURE["buffer"] + bytes(24_000_000)}


@contextmanager
def a_slow_line(page: Page) -> Iterator[None]:
    """Sends slowly, as the browser's own tools do it."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    line = {"offline": False, "latency": 0, "downloadThroughput": -1}
    session.send("Network.emulateNetworkConditions", {**line, "uploadThroughput": BYTES_PER_SECOND})
    yield
    session.send("Network.emulateNetworkConditions", {**line, "uploadThroughput": -1})
    session.detach()


def test_an_upload_can_be_stopped_and_its_files_stay(visitor: Visitor) -> None:
    visitor.enter()
    visitor.choose(image=LARGE)  # type: ignore[arg-type]
    with a_slow_line(visitor.page):
        visitor.make()
        visitor.page.wait_for_function("() => document.querySelector('#sending-progress').value > 2")
        expect(visitor.button("Stop")).to_be_focused()
        expect(visitor.page.get_by_role("status")).to_contain_text("Sending your files")
        expect(visitor.page.locator("#image")).to_be_disabled()
        assert visitor.barriers() == []
        visitor.page.keyboard.press("Enter")

        expect(visitor.button("Make the video")).to_be_focused()
        expect(visitor.page.get_by_role("status")).to_have_text("Stopped")
    assert (visitor.chosen("image"), visitor.chosen("audio")) == ("me.png", "me.wav")
    assert visitor.user.http.get("/api/jobs").json()["jobs"] == []

    visitor.choose()
    visitor.make()
    visitor.made()


def test_leaving_during_an_upload_asks_first(visitor: Visitor) -> None:
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page = visitor.page
    page.on("dialog", stay)
    visitor.enter()
    visitor.choose(image=LARGE)  # type: ignore[arg-type]
    with a_slow_line(page):
        visitor.make()
        page.wait_for_function("() => document.querySelector('#sending-progress').value > 0")
        page.evaluate("setTimeout(() => location.reload(), 0)")
        expect(visitor.button("Stop")).to_be_visible()
        page.wait_for_function("() => document.querySelector('#sending-progress').value > 4")
        assert asked == ["beforeunload"]
        visitor.button("Stop").click()
        expect(visitor.button("Make the video")).to_be_visible()

    page.reload()
    expect(visitor.rows).to_have_count(0)
    assert asked == ["beforeunload"]
