"""What `/ready` looks at: everything a job needs on its way."""

from __future__ import annotations

import math
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from redis.exceptions import RedisError

from app.config.settings import Settings
from app.core import packaged_files
from app.database.database import Database
from app.errors import Unavailable
from app.queue.queues import JobQueue
from app.storage.stores import Storage

#: Room for an upload, its decoded sound and the video of an hour.
MIN_FREE_BYTES = 2 << 30

#: What was found is told again for so long.
CACHE_SECONDS = 1.0

#: The face models' sizes. The worker checks their hashes when it loads them.
FACE_MODEL_BYTES = {"face_detection_short_range.tflite": 229_714, "face_landmark.tflite": 1_242_398}


class NotReady(Exception):
    """Why a part can't do its work, in words for an operator."""


class Readiness:
    """What fails, looked at once a second at most, by one thread: whoever asks meanwhile hears the same."""

    def __init__(self, settings: Settings, database: Database, job_queue: JobQueue, storage: Storage) -> None:
        self._checks: dict[str, Callable[[], None]] = {
            "database": database.check,
            "queue": job_queue.check,
            "storage": storage.check,
            "ffmpeg": _check_ffmpeg,
            "face models": lambda: check_face_models(settings.face_model_dir),
            "workers": lambda: _check_workers(job_queue),
            "sweeper": lambda: _check_sweeper(job_queue),
            "disk": lambda: _check_disk(settings.data_dir),
        }
        self._looking = threading.Lock()
        self._found: dict[str, str] = {}
        self._good_until = -math.inf

    @property
    def parts(self) -> list[str]:
        """What is looked at."""
        return list(self._checks)

    def problems(self) -> dict[str, str]:
        """What fails, by part, in words for an operator; empty when the service can take and finish jobs."""
        with self._looking:
            if time.monotonic() >= self._good_until:
                self._found = self._look()
                self._good_until = time.monotonic() + CACHE_SECONDS
            return self._found

    def _look(self) -> dict[str, str]:
        found = {part: problem_of(check) for part, check in self._checks.items()}
        return {part: problem for part, problem in found.items() if problem}


def problem_of(check: Callable[[], None]) -> str | None:
    """What is wrong with a part; None if it is well."""
    try:
        check()
    except (NotReady, Unavailable, RedisError, OSError, RuntimeError) as error:
        return str(error) or type(error).__name__
    return None


def _check_ffmpeg() -> None:
    path = imageio_ffmpeg.get_ffmpeg_exe()
    if not os.access(path, os.X_OK):
        raise NotReady("ffmpeg can't be run")


def check_face_models(folder: Path) -> None:
    """Raises NotReady unless both models are in the folder, whole."""
    for name, size_bytes in FACE_MODEL_BYTES.items():
        path = folder / name
        if not path.is_file() or path.stat().st_size != size_bytes:
            raise NotReady(f"{path} is missing or damaged; `{packaged_files.remedy()}` brings it")


def _check_workers(job_queue: JobQueue) -> None:
    """At least one has to be there that begins jobs."""
    workers = job_queue.workers_seen()
    if not workers:
        raise NotReady("no render worker has given a sign of life")
    paused = {worker.paused_by for worker in workers if worker.paused_by}
    if all(worker.paused_by for worker in workers):
        raise NotReady(f"all render workers have paused, as this is ill: {', '.join(sorted(paused))}")


def _check_sweeper(job_queue: JobQueue) -> None:
    """Without one lost jobs stay lost, and no webhook is sent."""
    if job_queue.sweeper_age_seconds() is None:
        raise NotReady("no sweeper has finished a round lately")


def _check_disk(data_dir: Path) -> None:
    free_bytes = shutil.disk_usage(data_dir).free
    if free_bytes < MIN_FREE_BYTES:
        raise NotReady(f"only {free_bytes >> 20} MiB are free")
