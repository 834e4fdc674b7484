"""Reads headers of media files: whole, or not at all."""

from __future__ import annotations

from typing import BinaryIO


def exactly(file: BinaryIO, count: int) -> bytes:
    """So many bytes from where the file stands.

    Raises:
        EOFError: the file ends before.
    """
    read = file.read(count)
    if len(read) < count:
        raise EOFError
    return read


def number(content: bytes) -> int:
    """Big-endian and unsigned, as most headers have it."""
    return int.from_bytes(content, "big")
