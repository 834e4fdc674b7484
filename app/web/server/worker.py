"""gunicorn's threaded worker, with a porter: only a request whose head is there gets a thread.

gunicorn gives every new connection a thread to wait in, so that a few dozen clients who say nothing, or half
a sentence, stop the process. Here they wait in the loop, which costs them a socket and us nothing.
Relies on details of gunicorn 27, which tests/upload holds.
"""

from __future__ import annotations

import errno
import selectors
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import Any

import structlog
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER  # type: ignore[import-untyped]

from app.web.server.guarded_loop import GuardedLoop
from app.web.server.lingering_close import Lingering
from app.web.server.parked_connections import ParkedConnections
from app.web.server.pending_connection import HeadState, PendingConnection
from app.web.server.protocol_errors import FAILED, HEAD_TOO_LARGE, refusal_of
from app.web.server.slow_clients import DrainDeadline, MinRate, RateCheckedSocket, paced
from app.web.server.thread_pools import ThreadPools

log = structlog.get_logger(__name__)

#: A stopping worker gives the bodies on their way this long: time is left to answer and see them off.
LAST_CALL_SECONDS = 3.5
#: What `accept` says where there is nothing to accept after all.
_NOBODY = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED})
_NO_DESCRIPTORS = frozenset({errno.EMFILE, errno.ENFILE})


class BufferedHeadWorker(GuardedLoop):
    """Set `pace` before it runs."""

    pace = MinRate()
    pending_conns: deque[PendingConnection]

    def init_process(self) -> None:
        self.last_call = DrainDeadline()
        super().init_process()

    def get_thread_pool(self) -> ThreadPools:
        return ThreadPools(self.cfg.threads)

    def run(self) -> None:
        self._lingering = Lingering(self.poller, self._forget)
        self._parked = ParkedConnections(self.poller, self.method_queue.defer)
        super().run()

    def handle_exit(self, sig: int, frame: Any) -> None:
        self.last_call.in_seconds(LAST_CALL_SECONDS)
        super().handle_exit(sig, frame)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Once it stops, newcomers are refused at once: left in the queue they would be cut off later."""
        super().set_accept_enabled(enabled)
        if not self.alive:
            for listener in self.sockets:
                listener.close()
            for client in self._parked.close():
                self.guarded(self._parked.dismiss, client)

    def accept(self, listener: Any) -> None:
        """Lets the next one in. Where it gets crowded, who has waited longest without a request goes."""
        if self.nr_conns >= self.worker_connections - 1:
            self._drop_oldest()
        try:
            client, address = listener.accept()
        except OSError as error:
            self._refuse_nobody(error)
            return
        connection = paced(client, self.pace, self.last_call)
        conn = PendingConnection(
            self.cfg, connection, address, listener.getsockname(), close_gracefully=self._close_gracefully
        )
        self.nr_conns += 1
        if not self.guarded(self.enqueue_req, conn):
            self._end(conn)

    def enqueue_req(self, conn: PendingConnection) -> None:
        """Gives the connection a thread as soon as the head of a request is there."""
        conn.expect_request()
        arrival = conn.receive()
        if arrival is HeadState.PARTIAL:
            self._wait_for_head(conn)
        else:
            self._proceed(conn, arrival)

    def on_pending_socket_readable(self, conn: PendingConnection, client: Any) -> None:
        arrival = conn.receive()
        if arrival is not HeadState.PARTIAL:
            self.poller.unregister(client)
            self.pending_conns.remove(conn)
            self._proceed(conn, arrival)

    def handle_error(self, req: Any, client: Any, addr: Any, exc: BaseException) -> None:  # noqa: ARG002
        """Answers what gunicorn can't read, and what got past the application."""
        refusal = refusal_of(exc)
        if refusal is FAILED:
            log.error("request failed outside of the application", exc_info=exc)
        # The client may be gone, or not take it: nothing depends on that.
        with suppress(OSError):
            client.sendall(refusal.http_bytes())

    def murder_pending(self) -> None:
        """Besides the heads that take too long, closes whoever has been seen off."""
        if not self.alive:
            ends_at = time.monotonic() + STOP_KEEPALIVE_LINGER
            for conn in self.pending_conns:
                conn.timeout = min(conn.timeout, ends_at)
        super().murder_pending()
        self.guarded(self._lingering.close_overdue)

    def _wait_for_head(self, conn: PendingConnection) -> None:
        conn.timeout = time.monotonic() + self.pace.stall_seconds
        self.pending_conns.append(conn)
        waiting = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, waiting)

    def _proceed(self, conn: PendingConnection, arrival: HeadState) -> None:
        if arrival is HeadState.WHOLE and conn.is_writable():
            super().enqueue_req(conn)
        elif arrival is HeadState.TOO_LARGE and conn.is_writable():
            # The client may be gone: a reset still leaves its bytes to be read.
            with suppress(OSError):
                conn.sock.send(HEAD_TOO_LARGE.http_bytes())
            self.nr_conns -= 1
            conn.close(graceful=True)
        else:
            self._end(conn)

    def _end(self, conn: PendingConnection) -> None:
        """Closes a connection that the loop still counts."""
        self._forget()
        conn.close()

    def abandon(self, key: selectors.SelectorKey) -> None:
        if not (self._lingering.abandon(key.fileobj) or self._parked.abandon(key.fileobj)):
            super().abandon(key)

    def _close_gracefully(self, connection: RateCheckedSocket) -> None:
        """gunicorn no longer counts it; we do, so that a stopping worker waits for it.

        Where a client stays nobody counts: it has a place of its own, and takes nobody else's.
        """
        if connection.client:
            self._parked.take(connection, connection.client)
            return
        self.nr_conns += 1
        self._lingering.take(connection)

    def _forget(self) -> None:
        self.nr_conns -= 1

    def _drop_oldest(self) -> None:
        for waiting in (self.pending_conns, self.keepalived_conns):
            if waiting:
                waiting[0].timeout = 0.0
                break
        self.murder_pending()
        self.murder_keepalived()

    def _refuse_nobody(self, error: OSError) -> None:
        if error.errno in _NO_DESCRIPTORS:
            self._drop_oldest()
        elif error.errno not in _NOBODY:
            raise error
