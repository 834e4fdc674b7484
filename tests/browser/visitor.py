"""Somebody who uses the page at the root."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import psutil
from playwright.sync_api import FilePayload, Locator, Page, Request, expect

from tests.browser.watched import Watched
from tests.support.service import Service, User, wait_until
from tests.support.world import png, wav

PICTURE: FilePayload = {"name": "me.png", "mimeType": "image/png", "buffer": png(320, 240)}
VOICE: FilePayload = {"name": "me.wav", "mimeType": "audio/wav", "buffer": wav(88_200)}


class Visitor(Watched):
    """A person with a key of their own, at the page."""

    def __init__(self, page: Page, service: Service, user: User | None = None) -> None:
        super().__init__(page)
        self.service = service
        self.user = user or service.user("visitor")
        self.key = self.user.key["apiKey"]
        #: The addresses of what was sent.
        self.posts: list[str] = []
        page.on("request", self._note_post)
        page.goto(service.address)

    def _note_post(self, request: Request) -> None:
        if request.method == "POST":
            self.posts.append(request.url)

    def enter(self) -> None:
        self.paste(self.key)
        expect(self.page.get_by_role("heading", name="Your jobs")).to_be_visible()

    def paste(self, key: str) -> None:
        self.page.get_by_role("textbox", name="API key").fill(key)
        self.button("Use this key").click()

    def choose(self, image: FilePayload | Path = PICTURE, audio: FilePayload | Path | None = VOICE) -> None:
        """Files for a picture that stands still: those are made fast."""
        self.page.locator("#image").set_input_files(image)
        if audio:
            self.page.locator("#audio").set_input_files(audio)
        self.page.get_by_label("Stands still").check()

    def make(self) -> None:
        self.button("Make the video").click()

    def made(self) -> None:
        expect(self.page.get_by_role("heading", name="Your video is ready")).to_be_visible()

    def another_tab(self) -> Visitor:
        """The same person at the page once more."""
        return Visitor(self.page.context.new_page(), self.service, self.user)

    def chosen(self, name: str) -> str | None:
        """The name of the file that would be sent."""
        script = "input => input.files[0]?.name ?? null"
        return cast("str | None", self.page.locator(f"#{name}").evaluate(script))

    def tile(self, name: str) -> Locator:
        """Where that file is shown."""
        return self.page.locator(f"[data-field={name}] [data-part=tile]")

    def problem(self, name: str) -> Locator:
        return self.page.locator(f"#{name}-problem")

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    @property
    def rows(self) -> Locator:
        return self.page.locator("#jobs-list > li")

    @property
    def fits(self) -> bool:
        """Whether nothing is wider than the window."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@contextmanager
def no_workers(service: Service) -> Iterator[None]:
    """Jobs that come meanwhile stay pending. None sleeps at work: it might hold the database's lock."""
    workers = wait_until(lambda: idle_workers(service))
    for worker in workers:
        worker.suspend()
    try:
        yield
    finally:
        for worker in workers:
            worker.resume()


def idle_workers(service: Service) -> list[psutil.Process]:
    """All of them, as soon as none has a horse."""
    named = service.processes("talkreel-worker")
    try:
        # A horse has the name of its worker.
        workers = [each for each in named if each.parent() == service.supervisor]
        return workers if not any(worker.children() for worker in workers) else []
    except psutil.NoSuchProcess:
        return []
