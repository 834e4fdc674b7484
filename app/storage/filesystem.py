"""Storage on this machine: plain files, one folder per job."""

from __future__ import annotations

import errno
import io
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal

from app.errors import StoredFileMissing
from app.storage.base import StoredFolder, checked_key, storage_errors


class LocalFile(io.FileIO):
    """A file opened for reading that knows its size."""

    @property
    def size_bytes(self) -> int:
        return os.fstat(self.fileno()).st_size


class LocalStorage:
    """Files below `root`. See `app.storage.stores.Storage`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, path: Path, key: str) -> None:
        target = self._path(key)
        with storage_errors():
            _flush(path)
            _make_folder(target.parent)
            _move(path, target)
            _flush(target.parent)

    def fetch(self, key: str, path: Path) -> None:
        source = self._path(key)
        with storage_errors(absent=StoredFileMissing):
            path.unlink(missing_ok=True)
            try:
                path.hardlink_to(source)
            except FileNotFoundError:
                raise
            except OSError:  # another file system, or one without hard links
                _copy(source, path)

    def open(self, key: str) -> LocalFile:
        with storage_errors(absent=StoredFileMissing):
            return LocalFile(self._path(key))

    def delete(self, prefix: str) -> None:
        target = self._path(prefix)
        with storage_errors():
            if target.is_dir():
                _remove_folder(target)
            else:
                _remove_file(target)

    def prefixes(self, prefix: str) -> Iterator[StoredFolder]:
        root = self._path(prefix)
        with storage_errors():
            if not root.is_dir():
                return
            with os.scandir(root) as entries:
                for entry in entries:
                    with suppress(FileNotFoundError):  # deleted while we look
                        yield StoredFolder(entry.name, entry.stat().st_mtime)

    def presign(self, key: str, method: Literal["GET", "HEAD"], ttl_seconds: int) -> str | None:  # noqa: ARG002
        return None

    def check(self) -> None:
        with storage_errors():
            self._root.mkdir(parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._root).close()

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)


def _make_folder(folder: Path) -> None:
    """Makes it, and those it lies in, each with a name that survives a power loss."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        _flush(folder.parent)


def _move(path: Path, target: Path) -> None:
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        draft = target.with_name(f"{target.name}.part")
        _copy(path, draft)
        draft.replace(target)
        path.unlink()


def _copy(source: Path, target: Path) -> None:
    """Copies to disk, or leaves nothing."""
    try:
        shutil.copyfile(source, target)
        _flush(target)
    except OSError:
        target.unlink(missing_ok=True)
        raise


def _flush(path: Path) -> None:
    """Waits until the file, or a folder's list of names, would survive a power loss."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remove_folder(folder: Path) -> None:
    """Removes it whole, also when somebody else removes the same folder at the same time."""
    while folder.exists():
        with suppress(FileNotFoundError):
            shutil.rmtree(folder)


def _remove_file(path: Path) -> None:
    """Removes it, and its folder if it was the last one there."""
    with suppress(FileNotFoundError):
        path.unlink()
        with suppress(OSError):  # other files are still in it
            path.parent.rmdir()
