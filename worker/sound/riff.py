"""The header of a WAV file: what it claims, and what the file really holds.

RIFF: IBM and Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (1991).
RF64 and its ds64 chunk: EBU Tech 3306.
"""

from __future__ import annotations

import os
import shutil
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from app.media.iff import chunks

#: What writers that can't seek back leave as the size: "until the end".
STREAMED_SIZES = frozenset({0, 0xFFFFFFFF})

#: What is copied at once.
COPIED_BYTES = 1 << 20


@dataclass(frozen=True)
class WavHeader:
    """The sound's form and place.

    `claimed_bytes` is its size by the header (None: until the end), `present_bytes` what the file has
    from there on.
    """

    sample_rate: int
    channels: int
    block_bytes: int
    claimed_bytes: int | None
    present_bytes: int
    followed_by_chunks: bool

    @property
    def samples(self) -> int:
        """Samples per channel that are there and claimed."""
        claimed = self.present_bytes if self.claimed_bytes is None else self.claimed_bytes
        return min(claimed, self.present_bytes) // max(1, self.block_bytes)

    @property
    def claims_too_much(self) -> bool:
        return self.claimed_bytes is not None and self.claimed_bytes > self.present_bytes

    @property
    def claims_too_little(self) -> bool:
        """More than one block follows the claimed end, and it isn't other chunks."""
        return self.claimed_bytes is not None and not self.claims_too_much and not self.followed_by_chunks


def read_header(path: Path) -> WavHeader | None:
    """The header, or None where this is no WAV file with a `fmt ` and a `data` chunk."""
    with path.open("rb") as file:
        if file.read(4) not in {b"RIFF", b"RF64"} or file.read(8)[4:] != b"WAVE":
            return None
        return _header(file, path.stat().st_size)


def extend(path: Path, tail: Path) -> None:
    """Adds the bare samples in `tail` to a WAV file whose `data` chunk is its last, and to what it claims.

    Raises:
        ValueError: there is no such chunk, or more than a header can count.
    """
    header = read_header(path)
    if header is None:
        raise ValueError(f"no WAV file: {path}")
    begin = path.stat().st_size - header.present_bytes
    with path.open("r+b") as file, tail.open("rb") as more:
        end = file.seek(0, os.SEEK_END) + tail.stat().st_size
        if end - 8 >= 2**32 - 1:
            raise ValueError(f"{end} bytes are too many for a WAV file")
        shutil.copyfileobj(more, file, COPIED_BYTES)
        for offset in (4, begin - 4):
            file.seek(offset)
            file.write(struct.pack("<I", end - offset - 4))


def _header(file: BinaryIO, file_bytes: int) -> WavHeader | None:
    form, long_size = b"", None
    for name, size in chunks(file, "little"):
        if name == b"fmt ":
            form = file.read(min(size, 16))
        elif name == b"ds64" and size >= 16:
            long_size = struct.unpack("<8xQ", file.read(16))[0]
        elif name == b"data" and len(form) == 16:
            return _with_data(file, form, _claimed(size, long_size), file_bytes)
    return None


def _claimed(size: int, long_size: int | None) -> int | None:
    if size == 0xFFFFFFFF and long_size is not None:
        return long_size
    return None if size in STREAMED_SIZES else size


def _with_data(file: BinaryIO, form: bytes, claimed_bytes: int | None, file_bytes: int) -> WavHeader:
    _, channels, sample_rate, _, block_bytes, _ = struct.unpack("<HHIIHH", form)
    begin = file.tell()
    end = begin + (claimed_bytes or 0)
    return WavHeader(
        sample_rate=sample_rate,
        channels=channels,
        block_bytes=block_bytes,
        claimed_bytes=claimed_bytes,
        present_bytes=file_bytes - begin,
        followed_by_chunks=file_bytes - end <= max(block_bytes, 8) or _is_chunk(file, end + end % 2),
    )


def _is_chunk(file: BinaryIO, offset: int) -> bool:
    """Whether a plausible chunk begins at `offset`: a printable name, and a size that fits."""
    file.seek(offset)
    name, size = struct.unpack("<4sI", file.read(8).ljust(8, b"\0"))
    fits: bool = size <= file.seek(0, os.SEEK_END) - offset - 8
    return fits and all(0x20 <= letter < 0x7F for letter in name)
