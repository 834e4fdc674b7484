"""Where the processes of a machine keep what they count, so that any of them can tell the sum.

A process counts in the files of a slot of its kind: `web-0`, `web-1`, `worker-0` ... It holds the slot's lock
as long as it lives. Who is started in its place takes the slot over and counts on, so that nothing falls when
a process dies, and none of them leaves a file behind.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
from itertools import count
from pathlib import Path
from typing import BinaryIO

from prometheus_client.multiprocess import MultiProcessCollector

#: More than all that a process counts takes.
RESERVED_BYTES = 256 * 1024
#: The kinds of measures there are, as prometheus-client calls their files.
MEASURES = ("counter", "histogram")
#: What a file cut off by a power loss can raise.
_DAMAGED = (RuntimeError, ValueError, struct.error)


def folder_of(data_dir: Path) -> Path:
    """This machine's files."""
    return data_dir / "metrics"


class Slot:
    """A name that no other living process of the machine counts under."""

    def __init__(self, folder: Path, kind: str) -> None:
        """Raises OSError: there is no room on the disk, or no way to it."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.name, self._lock = next(
            (f"{kind}-{number}", lock)
            for number in count()
            if (lock := _locked(folder / f"{kind}-{number}.lock"))
        )

    def reserve(self) -> None:
        """Takes the room on the disk before it is needed. Raises OSError: there is none.

        A process that writes to a page of a mapped file for which the disk has no room is ended (SIGBUS).
        """
        for measure in MEASURES:
            with (self.folder / f"{measure}_{self.name}.db").open("ab") as file:
                file.write(bytes(max(0, RESERVED_BYTES - file.tell())))
                file.flush()
                os.fsync(file.fileno())


def _locked(path: Path) -> BinaryIO | None:
    """The file, held until it is closed; None if somebody else holds it."""
    lock = path.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    return lock


def drop_damaged(folder: Path) -> None:
    """Removes what can't be read: a few counts are lost instead of all."""
    for path in folder.glob("*.db"):
        try:
            MultiProcessCollector.merge([str(path)])  # type: ignore[no-untyped-call]
        except _DAMAGED:
            path.unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Begins anew: another version may count something else under the same names."""
    shutil.rmtree(folder, ignore_errors=True)
