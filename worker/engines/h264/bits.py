"""Bits in the order H.264 writes them, and its Exp-Golomb codes (Rec. ITU-T H.264, 7.2 and 9.1)."""

from __future__ import annotations


class BitReader:
    """Reads a string of bits from its first to its last."""

    def __init__(self, data: bytes) -> None:
        self._bits = f"{int.from_bytes(data):0{8 * len(data)}b}" if data else ""
        self._at = 0

    def u(self, count: int) -> int:
        """u(n): an unsigned number of `count` bits. Raises EOFError where there are fewer."""
        bits = self._bits[self._at : self._at + count]
        if len(bits) < count:
            raise EOFError(f"{count} bits wanted, {len(bits)} left")
        self._at += count
        return int(bits or "0", 2)

    def ue(self) -> int:
        """ue(v): an unsigned Exp-Golomb code. Raises EOFError where it doesn't end."""
        zeros = 0
        while not self.u(1):
            zeros += 1
        return (1 << zeros) - 1 + self.u(zeros)

    def se(self) -> int:
        """se(v): a signed one (9.1.1). Raises EOFError where it doesn't end."""
        code = self.ue()
        return (code + 1) // 2 if code % 2 else -(code // 2)


def u(value: int, count: int) -> str:
    """u(n) as a string of bits."""
    return f"{value:0{count}b}"


def ue(value: int) -> str:
    """ue(v) as a string of bits."""
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def with_trailing_bits(bits: str) -> bytes:
    """The bits, the stop bit, and zeros up to the next byte (7.3.2.11)."""
    stopped = bits + "1"
    padded = stopped + "0" * (-len(stopped) % 8)
    return int(padded, 2).to_bytes(len(padded) // 8)
