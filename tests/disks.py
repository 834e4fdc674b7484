"""A small file system of one's own, to be filled up."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import missing


@contextmanager
def mounted(folder: Path, mebibytes: int) -> Iterator[bool]:
    """Mounts one at `folder`, which is made; False where that isn't allowed, as for anybody but root."""
    folder.mkdir(parents=True)
    options = ["-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs"]
    try:
        is_mounted = (
            subprocess.run(["mount", *options, str(folder)], capture_output=True, timeout=10).returncode == 0
        )
    except FileNotFoundError:
        is_mounted = False
    try:
        yield is_mounted
    finally:
        if is_mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True, timeout=10)


@contextmanager
def small_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """One at `folder`. Mounting it takes root: for others something is missing."""
    with mounted(folder, mebibytes) as is_mounted:
        if not is_mounted:
            missing("a small file system can't be mounted here")
        yield folder


def enlarge(folder: Path, mebibytes: int) -> None:
    """Gives the small disk at `folder` more room."""
    options = ["-o", f"remount,size={mebibytes}m"]
    subprocess.run(["mount", *options, str(folder)], check=True, timeout=10)


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    """No byte is free on the disk of `folder`."""
    filler = folder / "filler"
    with contextlib.suppress(OSError), filler.open("wb", buffering=0) as file:
        while file.write(bytes(1 << 16)):
            continue
    yield
    filler.unlink()
