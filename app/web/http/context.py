"""What the views work with, made once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import current_app

from app.config.settings import Settings
from app.core.fd_limits import places_for
from app.database.database import Database
from app.egress.urls import check_webhook_url
from app.operations.readiness import Readiness
from app.queue.queues import JobQueue
from app.schemas.jobs import Links
from app.storage.stores import Storage, open_storage
from app.web.live.job_watcher import JobWatcher

EXTENSION = "talkreel"


@dataclass(frozen=True)
class Services:
    settings: Settings
    database: Database
    storage: Storage
    job_queue: JobQueue
    links: Links
    job_watcher: JobWatcher
    readiness: Readiness

    @classmethod
    def of(cls, settings: Settings) -> Services:
        database = Database(settings.database_url, connections=2 * settings.web_threads + 2)
        storage, job_queue = open_storage(settings), JobQueue(settings.redis_url)
        places = places_for(settings.max_streams)
        return cls(
            settings=settings,
            database=database,
            storage=storage,
            job_queue=job_queue,
            links=Links.of(settings),
            job_watcher=JobWatcher(database, places, settings.max_streams_per_key),
            readiness=Readiness(settings, database, job_queue, storage),
        )

    def check_webhook_url(self, url: str) -> str:
        """The URL, if a webhook may go there. Raises InvalidWebhookUrl."""
        return check_webhook_url(url, self.settings.webhook_allow_nets, self.settings.webhook_allow_ports)


def services() -> Services:
    """The services of the current application."""
    return cast(Services, current_app.extensions[EXTENSION])
