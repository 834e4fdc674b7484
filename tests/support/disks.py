"""A small file system of one's own, to be filled up."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.processes import missing


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
def ext4_disk(folder: Path, mebibytes: int, inodes: int) -> Iterator[Path]:
    """An ext4 at `folder`, in a file beside it: unlike a tmpfs it has no room for a folder when full."""
    folder.mkdir(parents=True)
    image = folder.with_suffix(".img")
    with image.open("wb") as file:
        file.truncate(mebibytes << 20)
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    make = ["mkfs.ext4", "-q", "-m", "0", "-N", str(inodes), str(image)]
    for command in (make, ["mount", "-o", "loop", str(image), str(folder)]):
        program = shutil.which(command[0], path=path)
        if program is None:
            missing(f"{command[0]} is not here")
        done = subprocess.run([program, *command[1:]], capture_output=True, timeout=30, text=True)
        if done.returncode != 0:
            missing(f"an ext4 can't be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
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
