"""Who uses the service meanwhile: people who submit, follow, cancel and delete, each with a key."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from random import Random

import imageio_ffmpeg

from tests.chaos.ledger import POLL_SECONDS, Ledger, Promise
from tests.support.paths import PORTRAIT
from tests.support.service import User
from tests.support.world import png, wav

VOICE = PORTRAIT.with_name("voice.mp3")
TALK_SECONDS = 1.2
STILL_SECONDS = 10

#: Shares of those who do so.
TALKING, WITH_WEBHOOK, CANCELLING, DELETING = 0.2, 0.75, 0.2, 0.3
#: Of those who delete.
FOR_GOOD = 0.5


@dataclass(frozen=True)
class Wares:
    """What is submitted."""

    hook: str

    @cached_property
    def _short_voice(self) -> bytes:
        cut = ["-i", str(VOICE), "-t", str(TALK_SECONDS), "-f", "wav", "-"]
        argv = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", *cut]
        return subprocess.run(argv, capture_output=True, check=True, timeout=30).stdout

    def draw(self, random: Random) -> tuple[bytes, bytes, dict[str, str]]:
        """A picture, a voice, and what goes with them."""
        fields = {"webhookUrl": self.hook} if random.random() < WITH_WEBHOOK else {}
        if random.random() < TALKING:
            return PORTRAIT.read_bytes(), self._short_voice, {**fields, "motion": "talking"}
        return png(), wav(44_100 * random.randint(1, STILL_SECONDS)), {**fields, "motion": "still"}


class Member(threading.Thread):
    """Has one job after another, until it is over."""

    def __init__(self, user: User, ledger: Ledger, wares: Wares, random: Random) -> None:
        super().__init__(name=f"member {user.key['name']}", daemon=True)
        self.over = threading.Event()
        self._user = user
        self._ledger = ledger
        self._wares = wares
        self._random = random

    def run(self) -> None:
        while not self.over.wait(self._random.uniform(0.05, 0.5)):
            image, audio, fields = self._wares.draw(self._random)
            promise = self._ledger.submit(self._user, image, audio, **fields)
            if promise and not promise.end:
                self._follow(promise)

    def _follow(self, promise: Promise) -> None:
        if self._random.random() < CANCELLING:
            promise.cancel_asked = True
            self._ledger.ask(promise, "POST", f"/api/jobs/{promise.job_id}/cancel")
        while not self._ledger.look(promise):
            if self.over.wait(POLL_SECONDS):
                return
        if self._random.random() < DELETING:
            promise.delete_asked = True
            query = "?permanent=true" if self._random.random() < FOR_GOOD else ""
            self._ledger.ask(promise, "DELETE", f"/api/jobs/{promise.job_id}{query}")


@contextmanager
def crowd(users: list[User], ledger: Ledger, wares: Wares, seed: int) -> Iterator[None]:
    """They come and go; at the end nobody submits any more."""
    members = [Member(user, ledger, wares, Random(f"{seed} {number}")) for number, user in enumerate(users)]
    for member in members:
        member.start()
        time.sleep(POLL_SECONDS)
    try:
        yield
    finally:
        for member in members:
            member.over.set()
        for member in members:
            member.join(60)
