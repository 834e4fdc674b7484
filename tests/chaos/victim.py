"""The service that is hurt, and where it can be hurt."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from sqlmodel import col, select

from app.config.settings import Settings
from app.core.failpoints import FOLDER_VARIABLE
from app.database.database import Database
from app.database.models import Job
from app.domain.states import ACTIVE
from app.storage.stores import Storage, open_storage
from tests.support.disks import mounted
from tests.support.receiver import Receiver
from tests.support.service import Service, User

DISK_MEBIBYTES = 256
#: So many that no webhook is given up, however often it is refused.
TRIES = 300
WEB, WORKER, SWEEPER, VALKEY = "talkreel-web", "talkreel-worker", "talkreel-sweepe", "valkey-server"


class Victim:
    """A service on SQLite, or on the database of `database_url`; it may send webhooks to `receiver`."""

    def __init__(self, folder: Path, data_dir: Path, receiver: Receiver, database_url: str) -> None:
        self.failpoints = folder / "failpoints"
        self.failpoints.mkdir()
        given = {"DATABASE_URL": database_url} if database_url else {}
        self.service = Service(
            folder,
            "/health",
            DATA_DIR=str(data_dir),
            RENDER_WORKERS="2",
            MAX_ATTEMPTS="1000",  # Kills alone must not use them up.
            WEBHOOK_ALLOW_NETS="127.0.0.0/8",
            WEBHOOK_ALLOW_PORTS="*",
            WEBHOOK_CA_FILE=str(receiver.ca_file),
            WEBHOOK_RETRY_SCHEDULE=",".join(["1"] * TRIES),
            **{FOLDER_VARIABLE: str(self.failpoints)},
            **given,
        )
        self.data_dir = data_dir
        self.settings = Settings(data_dir=data_dir)
        if database_url:
            self.settings = self.settings.model_copy(update={"database_url": database_url})
        self.storage: Storage = open_storage(self.settings)

    def __enter__(self) -> Victim:
        self.service.start()
        self.database = Database(self.settings.database_url)
        return self

    def __exit__(self, *failure: object) -> None:
        self.database.close()
        self.service.stop()

    def person(self, name: str) -> User:
        """Somebody with a key, who stays when the service ends."""
        return User(self.service.address, self.service.key(name))

    def active_jobs(self) -> set[str]:
        """Those that are waiting or at work."""
        with self.database.reading() as session:
            return set(session.exec(select(Job.id).where(col(Job.status).in_(sorted(ACTIVE)))))

    def main_processes(self, words: str) -> list[psutil.Process]:
        """Those of the Procfile, and Valkey, by their name or command line."""
        return [each for each in self._children(self.service.supervisor) if _is_called(each, words)]

    def web_processes(self) -> list[psutil.Process]:
        """gunicorn's workers."""
        return [each for master in self.main_processes(WEB) for each in self._children(master)]

    def horses(self) -> list[psutil.Process]:
        """RQ's forks, each at work on a job."""
        return [each for worker in self.main_processes(WORKER) for each in self._children(worker)]

    def programs(self) -> list[psutil.Process]:
        """What the horses have started: ffmpeg, and who draws a talking face."""
        return [each for horse in self.horses() for each in self._children(horse)]

    def everything(self) -> list[psutil.Process]:
        """The supervisor and all below it."""
        supervisor = self.service.supervisor
        return [supervisor, *supervisor.children(recursive=True)]

    def _children(self, process: psutil.Process) -> list[psutil.Process]:
        with contextlib.suppress(psutil.NoSuchProcess):
            return process.children()
        return []


def _is_called(process: psutil.Process, words: str) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return words in " ".join([process.name(), *process.cmdline()])
    return False


@contextmanager
def victim(folder: Path, receiver: Receiver, database_url: str = "") -> Iterator[tuple[Victim, bool]]:
    """A running service, and whether its disk is small enough to be filled."""
    disk = folder / "disk"
    with (
        mounted(disk, DISK_MEBIBYTES) as is_small,
        Victim(folder, disk / "data", receiver, database_url) as victim,
    ):
        yield victim, is_small


def strangers(marker: str) -> list[psutil.Process]:
    """Living processes that have to do with `marker`, a path: by their environment, words or place."""
    return [
        each for each in psutil.process_iter() if each.pid != os.getpid() and _has_to_do_with(each, marker)
    ]


def _has_to_do_with(process: psutil.Process, marker: str) -> bool:
    looks: list[Callable[[], object]] = [process.environ, process.cmdline, process.cwd]
    try:
        return process.status() != psutil.STATUS_ZOMBIE and any(marker in str(look()) for look in looks)
    except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
        return False
