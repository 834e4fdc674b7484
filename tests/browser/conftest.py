"""A real browser, and a finished job for it to look at."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from app.core import packaged_files
from tests.browser.visitor import Visitor
from tests.browser.watched import DESKTOP
from tests.support.processes import missing
from tests.support.service import Service

EXAMPLES = packaged_files.ROOT / "examples"
NAMES = ("chromium", "chromium-browser", "google-chrome")
#: Until what is expected is there. The machine may be busy.
DEADLINE_MS = 30_000
FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium as the machine has it: it plays H.264, which Playwright's own build doesn't."""
    found = next(filter(None, map(shutil.which, NAMES)), None) or missing("chromium is not installed")
    # Its sandbox refuses root.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    expect.set_options(timeout=DEADLINE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(flags), timeout=60_000)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def portrait() -> Path:
    return EXAMPLES / "portrait.jpg"


@pytest.fixture(scope="session")
def finished(service: Service, portrait: Path) -> dict[str, Any]:
    """The status object of the examples' job."""
    alice = service.user("alice")
    voice = (EXAMPLES / "voice.mp3").read_bytes()
    return alice.wait_for(alice.submitted(portrait.read_bytes(), voice, motion="still"), "COMPLETED")


@pytest.fixture(params=["light"])
def visitor(request: pytest.FixtureRequest, browser: Browser, service: Service) -> Iterator[Visitor]:
    """Somebody at the page, without a key yet."""
    context = browser.new_context(viewport=DESKTOP, color_scheme=request.param, reduced_motion="reduce")
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=service.address)
    yield Visitor(context.new_page(), service)
    context.close()
