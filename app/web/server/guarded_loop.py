"""gunicorn's event loop, guarded: an error of one connection ends that connection, never the process.

gunicorn lets what a callback raises out of its loop, and the worker dies with all the uploads, streams and
waits in it. Here every callback is guarded where the loop calls it: those of sockets, those that threads
defer to it, and the timers.
"""

from __future__ import annotations

import selectors
from collections.abc import Callable
from functools import partial
from typing import Any

import structlog
from gunicorn.workers.gthread import (  # type: ignore[import-untyped]
    PollableMethodQueue,
    ThreadWorker,
)

from app.core.results import result_of
from app.metrics import counters

log = structlog.get_logger(__name__)


class GuardedQueue(PollableMethodQueue):  # type: ignore[misc]
    """Calls that threads leave to the loop: one that fails keeps no other from being made."""

    def __init__(self, guard: Callable[..., bool]) -> None:
        super().__init__()
        self._guard = guard

    def defer(self, callback: Callable[..., object], *args: Any) -> None:
        super().defer(self._guard, callback, *args)


class GuardedLoop(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose loop outlives any error of a callback."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.method_queue = GuardedQueue(self.guarded)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Calls back for all that is ready, but not for what a callback before it has closed."""
        for key, _ in self.poller.select(timeout):
            if self._is_registered(key) and not self.guarded(key.data, key.fileobj):
                self.guarded(self.abandon, key)

    def murder_keepalived(self, force: bool = False) -> None:
        self.guarded(super().murder_keepalived, force)

    def murder_pending(self) -> None:
        self.guarded(super().murder_pending)

    def abandon(self, key: selectors.SelectorKey) -> None:
        """Ends the connection whose callback failed. The listeners and the queue of calls stay."""
        if key.fileobj in self.sockets or key.fd == self.method_queue.fileno():
            return
        self.poller.unregister(key.fileobj)
        for waiting in (self.pending_conns, self.keepalived_conns):
            for conn in [each for each in waiting if each.sock is key.fileobj]:
                waiting.remove(conn)
                self.nr_conns -= 1
        key.fileobj.close()  # type: ignore[union-attr]  # all others are sockets

    def guarded(self, callback: Callable[..., object], *args: Any) -> bool:
        """Calls it; False if it failed, which is logged and counted."""
        outcome = result_of(partial(callback, *args))
        if not isinstance(outcome, Exception):
            return True
        log.error("connection callback failed", exc_info=outcome)
        counters.note("connection_errors", getattr(callback, "__name__", type(callback).__name__))
        return False

    def _is_registered(self, key: selectors.SelectorKey) -> bool:
        try:
            return self.poller.get_key(key.fileobj).data is key.data
        except (KeyError, ValueError):
            return False
