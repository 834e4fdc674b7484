"""One look at all the jobs that somebody waits for, by one thread, however many wait."""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from functools import partial

import structlog

from app.core.results import result_of
from app.database.database import Database
from app.database.models import Job
from app.errors import DatabaseUnavailable, TooManyStreams
from app.jobs import versions
from app.jobs.versions import JobVersion
from app.web.live.subscribers import Message, Send, Subscriber

log = structlog.get_logger(__name__)

#: Between two looks. Nobody is asked while nobody waits.
LOOK_SECONDS = 0.4


class Watch:
    """A listener and its place at the watcher, free again once it leaves or is forgotten."""

    def __init__(self, job_watcher: JobWatcher, listener: Subscriber, key_id: str) -> None:
        self.listener = listener
        #: What the client gets before the first word.
        self.greeting = b""
        self._watcher = job_watcher
        self._free = weakref.finalize(self, job_watcher.free, key_id)
        self._free.atexit = False

    def settle(self, say: Send) -> None:
        """From now on what there is to say goes to `say`, in another thread."""
        self._watcher.watch(self.listener, say)

    def leave(self) -> None:
        """Nothing is said any more. May be called again."""
        self._watcher.forget(self.listener)
        self._free()

    def farewell(self) -> Message:
        return self.listener.farewell()

    def words(self) -> Iterator[bytes]:
        """What there is to say, for a server that can't park a connection: its thread waits here."""
        try:
            while True:
                for _, word in self._watcher.look([self.listener]):
                    yield word.data
                    if word.is_last:
                        return
                time.sleep(LOOK_SECONDS)
        finally:
            self.leave()


class JobWatcher:
    """All who wait in this process. Its thread is there while somebody is."""

    def __init__(self, database: Database, places: int, places_per_key: int) -> None:
        self._database = database
        self._places = places
        self._places_per_key = places_per_key
        self._taken: Counter[str] = Counter()
        self._says: dict[Subscriber, Send] = {}
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def admit(self, listener: Subscriber, key_id: str) -> Watch:
        """Gives a listener a place.

        Raises:
            TooManyStreams: all are taken, or all of this key's.
        """
        with self._lock:
            if self._taken.total() >= self._places or self._taken[key_id] >= self._places_per_key:
                raise TooManyStreams
            self._taken[key_id] += 1
        return Watch(self, listener, key_id)

    def free(self, key_id: str) -> None:
        with self._lock:
            self._taken[key_id] -= 1
            self._taken += Counter()  # Drops those that are at 0.

    def watch(self, listener: Subscriber, say: Send) -> None:
        with self._lock:
            self._says[listener] = say
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_looking, name="job-watcher", daemon=True)
                self._thread.start()

    def forget(self, listener: Subscriber) -> None:
        with self._lock:
            self._says.pop(listener, None)

    def look(self, listeners: Collection[Subscriber]) -> list[tuple[Subscriber, Message]]:
        """What there is to say to each of them. Asks once for all, and again only for what is new."""
        now = time.monotonic()
        try:
            sights = versions.seen(self._database, {one.job_id for one in listeners})
            news = self._news([one for one in listeners if _is_behind(one, sights)])
        except DatabaseUnavailable:
            # Nobody is sent away for it: the next look is soon.
            told = [(one, one.idle(now)) for one in listeners]
        else:
            told = [(one, _told_safely(one, sights.get(one.job_id), news, now)) for one in listeners]
        return [(one, word) for one, word in told if word]

    def _news(self, behind: Collection[Subscriber]) -> Mapping[str, Job]:
        return versions.jobs(self._database, {one.job_id for one in behind}) if behind else {}

    def _keep_looking(self) -> None:
        try:
            while listeners := self._present():
                for listener, word in self.look(listeners):
                    self._say(listener, word)
                time.sleep(LOOK_SECONDS)
        finally:
            self._dismiss()

    def _present(self) -> list[Subscriber]:
        """Who is there; with nobody left the thread is over, and the next one who comes gets another."""
        with self._lock:
            if not self._says:
                self._thread = None
            return list(self._says)

    def _say(self, listener: Subscriber, word: Message) -> None:
        with self._lock:
            say = self._says.get(listener)
        if say:
            say(word)

    def _dismiss(self) -> None:
        """Nobody is left, unless the thread failed: then they had better come again."""
        with self._lock:
            if self._thread is threading.current_thread():
                self._thread = None
                for listener, say in self._says.items():
                    say(listener.farewell())


def _is_behind(listener: Subscriber, sights: Mapping[str, JobVersion]) -> bool:
    sight = sights.get(listener.job_id)
    return sight is not None and sight.mark != listener.mark


def _told_safely(
    listener: Subscriber, sight: JobVersion | None, news: Mapping[str, Job], now: float
) -> Message | None:
    """As `_told`; one that fails is sent away, and the others hear what there is."""
    outcome = result_of(partial(_told, listener, sight, news, now))
    if not isinstance(outcome, Exception):
        return outcome
    log.error("listener failed", job_id=listener.job_id, exc_info=outcome)
    return listener.farewell()


def _told(
    listener: Subscriber, sight: JobVersion | None, news: Mapping[str, Job], now: float
) -> Message | None:
    if sight is None:
        return listener.hear(None, now)
    if sight.is_revoked:
        return listener.farewell()
    if sight.mark != listener.mark and listener.job_id in news:
        return listener.hear(news[listener.job_id], now)
    return listener.idle(now)
