"""A page that is looked at closely."""

from __future__ import annotations

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize

DESKTOP = ViewportSize(width=1280, height=800)


class Watched:
    """A page, and all that went wrong on it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self._note(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("response", lambda response: self._note(response.status >= 400, response.url))

    def barriers(self) -> list[str]:
        """What axe finds that keeps people from using the page as it is now."""
        # Colours that are on their way to others are judged as what they will be.
        self.page.evaluate("Promise.allSettled(document.getAnimations().map(each => each.finished))")
        found = Axe().run(self.page).response["violations"]
        return [f"{each['id']}: {node['html']}" for each in found for node in each["nodes"]]

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.complaints.append(text)
