"""Ways to damage a file, the same at every run that begins with the same number."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from random import Random

#: Numbers that headers lie with, each in two, four or eight bytes.
LIES = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 1 << 63, (1 << 64) - 1)

#: Where headers are, mostly.
HEAD_BYTES = 128

PNG_SIGNATURE_BYTES = 8
#: Of a PNG chunk, all but its data: length, name and checksum.
PNG_FRAME_BYTES = 12

Damage = Callable[[Random, bytearray, bytes], bytearray]


def damaged(random: Random, content: bytes, other: bytes) -> bytes:
    """`content` with one to three kinds of damage; `other` is where splices come from.

    Half of the PNG files get right checksums again, or none would be read any further.
    """
    result = bytearray(content)
    for damage in random.choices(KINDS, k=random.choice((1, 1, 2, 3))):
        if result:
            result = damage(random, result, other)
    is_png = content.startswith(b"\x89PNG")
    return _with_right_checksums(result) if is_png and random.random() < 0.5 else bytes(result)


def _flip_bits(random: Random, content: bytearray, other: bytes) -> bytearray:
    for _ in range(random.choice((1, 2, 8, 32))):
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
    return content


def _add_noise(random: Random, content: bytearray, other: bytes) -> bytearray:
    start, end = _span(random, content)
    content[start:end] = random.randbytes(end - start)
    return content


def _cut_off(random: Random, content: bytearray, other: bytes) -> bytearray:
    return content[: random.randrange(len(content))]


def _cut_out(random: Random, content: bytearray, other: bytes) -> bytearray:
    start, end = _span(random, content)
    del content[start:end]
    return content


def _double(random: Random, content: bytearray, other: bytes) -> bytearray:
    start, end = _span(random, content)
    return content[:end] + content[start:]


def _splice(random: Random, content: bytearray, other: bytes) -> bytearray:
    return content[: random.randrange(len(content))] + other[random.randrange(len(other)) :]


def _lie(random: Random, content: bytearray, other: bytes) -> bytearray:
    size = random.choice((2, 4, 8))
    number = (random.choice(LIES) + random.choice((-1, 0, 0, 1))) % (1 << 8 * size)
    start = random.randrange(min(HEAD_BYTES, len(content)) if random.random() < 0.7 else len(content))
    content[start : start + size] = number.to_bytes(size, random.choice(("little", "big")))
    return content


KINDS: tuple[Damage, ...] = (_flip_bits, _add_noise, _cut_off, _cut_out, _double, _splice, _lie, _lie)


def _span(random: Random, content: bytearray) -> tuple[int, int]:
    start = random.randrange(len(content))
    return start, min(len(content), start + random.choice((1, 4, 16, 256, 4096)))


def _with_right_checksums(content: bytearray) -> bytes:
    """Chunk by chunk (W3C PNG, 5.3), as far as the lengths lead."""
    start = PNG_SIGNATURE_BYTES
    while start + PNG_FRAME_BYTES <= len(content):
        (length,) = struct.unpack_from(">I", content, start)
        end = start + 8 + length
        if end + 4 > len(content):
            break
        struct.pack_into(">I", content, end, zlib.crc32(content[start + 4 : end]))
        start = end + 4
    return bytes(content)
