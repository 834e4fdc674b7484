"""What both stores share: keys, what is handed out, and the names of what can go wrong."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from obstore.exceptions import BaseError

from app.errors import ApiError, DiskFull, StorageUnavailable

_KEY = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)*", re.ASCII)


class StoredFile(Protocol):
    """A stored file opened for reading: a seekable binary stream that knows its size."""

    @property
    def size_bytes(self) -> int: ...
    def read(self, size: int = -1, /) -> bytes | None: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class StoredFolder:
    """What is stored of one job, changed last at `modified_seconds` (Unix time)."""

    job_id: str
    modified_seconds: float


def checked_key(key: str) -> str:
    """The key itself.

    Raises:
        ValueError: it is not `segment/segment/...` of letters, digits, `_`, `-` and inner dots.
    """
    if not _KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


@contextmanager
def storage_errors(absent: type[ApiError] = StorageUnavailable) -> Iterator[None]:
    """Turns what a store raises into our errors; a file that isn't there into `absent`."""
    try:
        yield
    except FileNotFoundError as error:
        raise absent from error
    except BaseError as error:
        raise StorageUnavailable from error
    except OSError as error:
        raise (DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else StorageUnavailable) from error
