"""Storage in an S3-compatible bucket, named by STORAGE_URL and the usual AWS_* variables."""

from __future__ import annotations

import io
import mimetypes
import os
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import obstore
from obstore.store import S3Store

from app.errors import StoredFileMissing
from app.storage.base import StoredFolder, checked_key, storage_errors

if TYPE_CHECKING:
    from obstore import Attributes, ObjectMeta, ReadableFile

#: S3 takes no part below 5 MiB but the last; PARTS_IN_FLIGHT + 1 of them are in memory during an upload.
PART_BYTES = 5 << 20
PARTS_IN_FLIGHT = 3
CHUNK_BYTES = 1 << 20
#: The longest life of a presigned URL (AWS Signature Version 4, query parameter X-Amz-Expires).
MAX_PRESIGN_SECONDS = 604_800


class BucketFile(io.RawIOBase):
    """An object opened for reading: ranges are fetched as they are read, `CHUNK_BYTES` at least."""

    def __init__(self, reader: ReadableFile) -> None:
        self._reader = reader

    @property
    def size_bytes(self) -> int:
        return self._reader.size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        return self._reader.seek(offset, whence)

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        with storage_errors(absent=StoredFileMissing):
            chunk = self._reader.read(len(buffer))
        buffer[: len(chunk)] = memoryview(chunk)
        return len(chunk)


class BucketStorage:
    """Objects below `prefix` of `bucket`. See `app.storage.stores.Storage`.

    Use it in one process: its runtime's threads don't survive a fork. A process forked from one that has
    used a BucketStorage is refused with a RuntimeError, where it would hang.
    """

    _used_by_pid: ClassVar[int | None] = None

    def __init__(self, bucket: str, prefix: str = "") -> None:
        self._patient = _store(bucket, prefix, tries=4, seconds=60)
        self._hasty = _store(bucket, prefix, tries=1, seconds=3)

    def put(self, path: Path, key: str) -> None:
        with storage_errors():
            obstore.put(
                self._store,
                checked_key(key),
                path,
                attributes=_attributes(key),
                chunk_size=PART_BYTES,
                max_concurrency=PARTS_IN_FLIGHT,
            )
            path.unlink()

    def fetch(self, key: str, path: Path) -> None:
        with storage_errors(absent=StoredFileMissing):
            found = obstore.get(self._store, checked_key(key))
            with ExitStack() as undoing:
                undoing.callback(path.unlink, missing_ok=True)
                with path.open("wb") as file:
                    file.writelines(found.stream(min_chunk_size=CHUNK_BYTES))
                undoing.pop_all()

    def open(self, key: str) -> BucketFile:
        with storage_errors(absent=StoredFileMissing):
            return BucketFile(obstore.open_reader(self._store, checked_key(key), buffer_size=CHUNK_BYTES))

    def delete(self, prefix: str) -> None:
        with storage_errors():
            for page in obstore.list(self._store, checked_key(prefix), chunk_size=1000):
                obstore.delete(self._store, [found["path"] for found in page])
            obstore.delete(self._store, prefix)

    def prefixes(self, prefix: str) -> Iterator[StoredFolder]:
        def job_id(found: ObjectMeta) -> str:
            return found["path"].removeprefix(f"{prefix}/").partition("/")[0]

        with storage_errors():
            pages = obstore.list(self._store, checked_key(prefix), chunk_size=1000)
            # S3 lists in the order of the keys: a job's files come one after another.
            for name, files in groupby((found for page in pages for found in page), key=job_id):
                yield StoredFolder(name, max(found["last_modified"].timestamp() for found in files))

    def presign(self, key: str, method: Literal["GET", "HEAD"], ttl_seconds: int) -> str | None:
        lifetime = timedelta(seconds=min(ttl_seconds, MAX_PRESIGN_SECONDS))
        with storage_errors():
            return obstore.sign(self._store, method, checked_key(key), lifetime)

    def check(self) -> None:
        self._refuse_fork()
        with storage_errors():
            next(obstore.list(self._hasty, "no-such-folder", chunk_size=1), None)

    @property
    def _store(self) -> S3Store:
        self._refuse_fork()
        return self._patient

    @classmethod
    def _refuse_fork(cls) -> None:
        if cls._used_by_pid not in (None, os.getpid()):
            raise RuntimeError("a BucketStorage was used before this process was forked; see its docstring")
        cls._used_by_pid = os.getpid()


def _attributes(key: str) -> Attributes:
    """What the store says with the file to whom a presigned URL leads there, as `app.web.views.videos`."""
    return {
        "Content-Type": mimetypes.guess_type(key)[0] or "application/octet-stream",
        "Content-Disposition": f'inline; filename="{_job_id(key)}{Path(key).suffix}"',
        "Cache-Control": "private, max-age=3600",
    }


def _job_id(key: str) -> str:
    return key.split("/")[1]


def _store(bucket: str, prefix: str, *, tries: int, seconds: int) -> S3Store:
    """A client whose every request ends within `seconds` and is tried so often at most."""
    return S3Store(
        bucket,
        prefix=prefix or None,
        client_options={
            "allow_http": True,  # only an AWS_ENDPOINT_URL that says http:// makes use of it
            "connect_timeout": timedelta(seconds=3),
            "read_timeout": timedelta(seconds=min(seconds, 15)),
            "timeout": timedelta(seconds=seconds),
        },
        retry_config={"max_retries": tries - 1, "retry_timeout": timedelta(seconds=seconds)},
    )
