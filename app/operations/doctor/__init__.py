"""What `talkreel doctor` looks at: all that `/ready` does and more, also while the service is down."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from app.config.settings import Settings
from app.database.database import Database
from app.operations.doctor import machine, services
from app.operations.doctor.findings import Check, Finding, State, examine
from app.queue.queues import JobQueue, impatient_redis
from app.storage.stores import open_storage

__all__ = ["Finding", "State", "examination"]


def examination(settings: Settings) -> Iterator[Finding]:
    """One finding after the other, as they are made. Starts nothing, and leaves DATA_DIR at most."""
    for part, check in _checks(settings).items():
        yield examine(part, check)


def _checks(settings: Settings) -> Mapping[str, Check]:
    return {**_of_machine(settings), **_of_doors(settings)}


def _of_machine(settings: Settings) -> Mapping[str, Check]:
    return {
        "python": machine.python,
        "ffmpeg": machine.ffmpeg,
        "face models": partial(machine.face_models, settings.face_model_dir),
        "cage": machine.cage,
        "data": partial(machine.data_dir, settings.data_dir),
        "disk": partial(machine.disk, settings.data_dir),
        "port": partial(machine.port, settings),
        "links": partial(machine.public_url, settings),
        "secret key": partial(services.secret_key, settings),
    }


def _of_doors(settings: Settings) -> Mapping[str, Check]:
    database, redis = Database(settings.database_url), impatient_redis(settings.redis_url)
    return {
        "database": partial(services.database, settings, database),
        "queue": partial(services.queue, settings, redis),
        "storage": partial(services.storage, settings, open_storage(settings)),
        "workers": partial(services.workers, settings, JobQueue(settings.redis_url)),
        "sweeper": partial(services.sweeper, settings, JobQueue(settings.redis_url)),
        "clocks": partial(services.clocks, settings, database, redis),
    }
