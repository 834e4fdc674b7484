"""Chunks of the Interchange File Format: RIFF (WAV), whose numbers are little-endian, and FORM (AIFF)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Literal

#: No honest file has more chunks.
MAX_CHUNKS = 1000


def chunks(file: BinaryIO, order: Literal["little", "big"]) -> Iterator[tuple[bytes, int]]:
    """(name, size in bytes) of each chunk from here on, with the file at the first byte of its content."""
    for _ in range(MAX_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        size = int.from_bytes(head[4:], order)
        content = file.tell()
        yield head[:4], size
        file.seek(content + size + size % 2)
