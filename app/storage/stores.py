"""The door to bytes: files below DATA_DIR, or an S3-compatible bucket that several machines share.

Keys are ours alone, never a client's words: `uploads/<job id>/image`, `uploads/<job id>/audio`,
`outputs/<job id>/<generation>.mp4` and `.jpg`, and below `segments/<job id>/` what several workers draw
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal, Protocol

from app.config.settings import Settings
from app.storage.base import StoredFile, StoredFolder
from app.storage.filesystem import LocalStorage
from app.storage.s3 import BucketStorage


class Storage(Protocol):
    """Where uploads and videos are kept. Every call has a deadline and a bounded number of tries.

    Raises (any call):
        StorageUnavailable: the store can't be reached, or refuses us.
        DiskFull: no room, here or there.
        ValueError: the key is not one of ours.
    """

    def put(self, path: Path, key: str) -> None:
        """Moves the file at `path` in: whole or not at all. After a failure it still is at `path`."""

    def fetch(self, key: str, path: Path) -> None:
        """Brings the file to `path`, to be read and removed, never written to: it may be a hard link.

        Raises:
            StoredFileMissing: nothing is stored under the key.
        """

    def open(self, key: str) -> StoredFile:
        """Opens the file for reading at any place.

        Raises:
            StoredFileMissing: nothing is stored under the key.
        """

    def delete(self, prefix: str) -> None:
        """Removes the file of that key and everything below it; nothing there is fine."""

    def prefixes(self, prefix: str) -> Iterator[StoredFolder]:
        """Every job with something below `prefix` (such as `uploads`), read a page at a time."""

    def presign(self, key: str, method: Literal["GET", "HEAD"], ttl_seconds: int) -> str | None:
        """A URL that works for anybody for `ttl_seconds`, seven days at most; None where there are none."""

    def check(self) -> None:
        """Returns within seconds if the store can be used."""


def open_storage(settings: Settings) -> Storage:
    """The storage that STORAGE_URL names. Opening touches nothing yet."""
    if not settings.storage_url:
        return LocalStorage(settings.data_dir / "files")
    bucket, _, prefix = settings.storage_url.removeprefix("s3://").partition("/")
    return BucketStorage(bucket, prefix)
