"""What a worker process works with: settings, the doors, the scratch folder."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from app.config.settings import Settings
from app.database.database import Database
from app.jobs import retention
from app.queue.queues import JobQueue
from app.schemas.jobs import Links
from app.storage.stores import Storage, open_storage


@dataclass(frozen=True)
class WorkerContext:
    """Doors are opened at first use, so that a process forked before then opens its own."""

    settings: Settings

    @cached_property
    def database(self) -> Database:
        return Database(self.settings.database_url)

    @cached_property
    def storage(self) -> Storage:
        return open_storage(self.settings)

    @cached_property
    def job_queue(self) -> JobQueue:
        return JobQueue(self.settings.redis_url)

    @cached_property
    def links(self) -> Links:
        return Links.of(self.settings)

    @property
    def scratch(self) -> Path:
        """One folder an attempt."""
        return retention.work_of(self.settings.data_dir)
