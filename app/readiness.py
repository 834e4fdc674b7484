"""What `/ready` looks at: everything a job needs on its way."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import imageio_ffmpeg
from redis.exceptions import RedisError

from app import shipped
from app.database import Database
from app.errors import Unavailable
from app.queues import Doorbell
from app.settings import Settings
from app.storage import Storage

#: Room for an upload, its decoded sound and the video of an hour.
MIN_FREE_BYTES = 2 << 30

#: The face models' sizes. The worker checks their hashes when it loads them.
FACE_MODEL_BYTES = {"face_detection_short_range.tflite": 229_714, "face_landmark.tflite": 1_242_398}


class NotReady(Exception):
    """Why a part can't do its work, in words for an operator."""


def problems(settings: Settings, database: Database, doorbell: Doorbell, storage: Storage) -> dict[str, str]:
    """What fails, by part; empty when the service can take and finish jobs."""
    checks: dict[str, Callable[[], None]] = {
        "database": database.check,
        "queue": doorbell.check,
        "storage": storage.check,
        "ffmpeg": _check_ffmpeg,
        "face models": lambda: check_face_models(settings.face_model_dir),
        "workers": lambda: _check_workers(doorbell),
        "disk": lambda: _check_disk(settings.data_dir),
    }
    found = {part: problem_of(check) for part, check in checks.items()}
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
            raise NotReady(f"{path} is missing or damaged; `{shipped.remedy()}` brings it")


def _check_workers(doorbell: Doorbell) -> None:
    if doorbell.live_workers() == 0:
        raise NotReady("no render worker has given a sign of life")


def _check_disk(data_dir: Path) -> None:
    free_bytes = shutil.disk_usage(data_dir).free
    if free_bytes < MIN_FREE_BYTES:
        raise NotReady(f"only {free_bytes >> 20} MiB are free")
