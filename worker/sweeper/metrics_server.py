"""`/metrics` of a machine without a web process: at METRICS_PORT of HOST, for the bearer of METRICS_TOKEN.

It is the sweeper's: a process that forks its horses must have no threads that may hold a lock meanwhile.
"""

from __future__ import annotations

import hmac
import threading
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog
from prometheus_client import CONTENT_TYPE_LATEST

from app.operations import exporter
from worker.context import WorkerContext

log = structlog.get_logger(__name__)

#: For a client to say what it wants, and to take it.
CLIENT_SECONDS = 10


def serve(context: WorkerContext) -> None:
    """Answers from threads of its own as long as the process lives, if METRICS_PORT is set."""
    settings = context.settings
    if not settings.metrics_port:
        return
    try:
        server = ThreadingHTTPServer((settings.host, settings.metrics_port), partial(_Scraped, context))
    except OSError as error:
        # Another sweeper of the machine may have it, and tells the same.
        log.warning("metrics port not opened", port=settings.metrics_port, reason=error.strerror)
        return
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Scraped(BaseHTTPRequestHandler):
    timeout = CLIENT_SECONDS
    server_version = "Talkreel"
    sys_version = ""

    def __init__(self, context: WorkerContext, *connection: Any) -> None:
        self._context = context
        super().__init__(*connection)

    def do_GET(self) -> None:
        if self.path != "/metrics":
            self.send_error(HTTPStatus.NOT_FOUND)
        elif self._is_reader():
            self._answer(
                exporter.scrape(
                    self._context.settings.data_dir, self._context.database, self._context.job_queue
                )
            )
        else:
            self.send_error(HTTPStatus.UNAUTHORIZED)

    def log_message(self, *_words: object) -> None:
        """Nobody needs a line for each scrape."""

    def _is_reader(self) -> bool:
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        known = self._context.settings.metrics_token.get_secret_value()
        return scheme.lower() == "bearer" and hmac.compare_digest(token.strip().encode(), known.encode())

    def _answer(self, text: bytes) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", CONTENT_TYPE_LATEST)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)
