"""How long a sound is, by its header alone."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from app.media.header_reader import exactly, number
from app.media.iff import chunks
from app.media.isobmff import file_end, movie_tracks
from app.media.media_types import MediaType
from app.media.mpeg_audio import skip_tags

#: WAV formats whose blocks hold one sample per channel: PCM, float, A-law, mu-law, and what names its own.
_WAV_PLAIN = frozenset({1, 3, 6, 7, 0xFFFE})
#: What writers that can't seek back leave as the size: "until the end".
_STREAMED_SIZES = frozenset({0, 0xFFFF_FFFF})

#: Bytes of the offset and the block size that the sound of an AIFF file begins with.
_SSND_HEADER_BYTES = 8


def sound_seconds(path: Path, media_type: MediaType) -> float | None:
    """Seconds, as far as they are claimed and there; 0 where there is no sound, None where nobody says.

    Raises:
        EOFError: the file ends before its sound begins.
    """
    with path.open("rb") as file:
        reader = _READERS.get(media_type)
        return reader(file) if reader else None


def _wav(file: BinaryIO) -> float | None:
    """IBM and Microsoft, Multimedia Programming Interface and Data Specifications 1.0 (1991)."""
    exactly(file, 12)
    form = b""
    for name, size in chunks(file, "little"):
        if name == b"fmt ":
            form = exactly(file, min(size, 20))
        elif name == b"data":
            begin = file.tell()
            present = file_end(file) - begin
            return _wav_seconds(form, present if size in _STREAMED_SIZES else min(size, present))
    raise EOFError


def _wav_seconds(form: bytes, data_bytes: int) -> float | None:
    if len(form) < 16 or data_bytes == 0:
        return None if data_bytes else 0.0
    kind, _, sample_rate, _, block_bytes, _ = struct.unpack("<HHIIHH", form[:16])
    block_samples = 1 if kind in _WAV_PLAIN else int.from_bytes(form[18:20], "little")
    if not sample_rate or not block_bytes or not block_samples:
        return None
    return float(data_bytes // block_bytes * block_samples / sample_rate)


def _aiff(file: BinaryIO) -> float | None:
    """Apple, Audio Interchange File Format AIFF-C (1991)."""
    exactly(file, 12)
    common = b""
    for name, size in chunks(file, "big"):
        if name == b"COMM":
            common = exactly(file, min(size, 22))
        elif name == b"SSND":
            begin = file.tell()
            present = file_end(file) - begin
            return _aiff_seconds(common, min(size, present) - _SSND_HEADER_BYTES)
    raise EOFError


def _aiff_seconds(common: bytes, data_bytes: int) -> float | None:
    if len(common) < 18 or data_bytes <= 0:
        return None if data_bytes > 0 else 0.0
    channels, frames, bits = struct.unpack(">HIH", common[:8])
    # Compression makes a sample smaller than this, but no shorter.
    frame_bytes = channels * max(1, bits // 8)
    rate = _extended(common[8:18])
    is_plain = len(common) < 22 or common[18:22] in {b"NONE", b"sowt"}
    there = data_bytes // frame_bytes if is_plain and frame_bytes else frames
    return min(frames, there) / rate if rate else None


def _extended(content: bytes) -> float:
    """An 80-bit number (IEEE 754 extended precision), as far as it is a sample rate."""
    exponent, mantissa = struct.unpack(">HQ", content)
    return float(mantissa * 2.0 ** (exponent - 16_383 - 63)) if 16_383 <= exponent < 16_383 + 32 else 0.0


def _flac(file: BinaryIO) -> float | None:
    """RFC 9639, 8.2: the rate in 20 bits and the samples in 36, 0 where they weren't known."""
    file.seek(skip_tags(file))
    packed = number(exactly(file, 4 + 4 + 34)[18:26])
    rate, samples = packed >> 44, packed & (1 << 36) - 1
    exactly(file, 1)
    return samples / rate if rate and samples else None


def _m4a(file: BinaryIO) -> float | None:
    tracks = movie_tracks(file)
    if tracks is None:
        return None
    return next((track.seconds for track in tracks if track.handler == b"soun"), 0.0)


def _ogg(file: BinaryIO) -> None:
    """RFC 3533, section 6: the sound is in the pages after the first."""
    segments = exactly(file, exactly(file, 27)[26])
    exactly(file, sum(segments) + 27)


def _bare(file: BinaryIO) -> None:
    """What has no header but its tags."""
    file.seek(skip_tags(file))
    exactly(file, 4)


_READERS: dict[MediaType, Callable[[BinaryIO], float | None]] = {
    MediaType.WAV: _wav,
    MediaType.AIFF: _aiff,
    MediaType.FLAC: _flac,
    MediaType.M4A: _m4a,
    MediaType.OGG: _ogg,
    MediaType.MP3: _bare,
    MediaType.AAC: _bare,
}
