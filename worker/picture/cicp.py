"""Colour profiles (ICC.1:2022) of pictures that describe their colours by code points (ITU-T H.273).

Highlights of HDR pictures are brought below white by a curve: up to `KNEE` of reference white (203 nits,
ITU-R BT.2408) nothing changes, and what is brighter draws nearer to 1 the brighter it is.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable

XYZ = tuple[float, float, float]

#: Red, green and blue in D50 (by Bradford's adaptation), by the code of the primaries.
SRGB = 1
COLORANTS: dict[int, tuple[XYZ, XYZ, XYZ]] = {
    SRGB: ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410)),
    9: ((0.67348, 0.27904, -0.00193), (0.16566, 0.67534, 0.02998), (0.12505, 0.04561, 0.79686)),
    12: ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407)),
}
D50: XYZ = (0.9642, 1.0, 0.8249)

PQ, HLG = 16, 18
REFERENCE_WHITE_NITS = 203
HLG_PEAK_NITS, HLG_GAMMA = 1000, 1.2
KNEE = 0.75

CURVE_ENTRIES = 4096

#: The first bytes of a profile (7.2): version 2.4, of a display, from RGB to XYZ; its tags begin after them.
HEADER = struct.Struct(">I4xI4s4s4s12x4s28x12s48x")


def profile_of(primaries: int, transfer: int) -> bytes | None:
    """An ICC profile of these colours; None where they are sRGB's, or not known.

    Curves of standard television count as that of sRGB, as pictures are made on screens that have it.
    """
    colorants = COLORANTS.get(primaries)
    if colorants is None or (primaries == SRGB and transfer not in {PQ, HLG}):
        return None
    curve = _curve({PQ: _pq, HLG: _hlg}.get(transfer, _srgb))
    tags = [
        (b"desc", b"desc" + struct.pack(">4xI", 5) + b"CICP\0" + bytes(78)),
        (b"cprt", b"text" + bytes(4) + b"none\0"),
        (b"wtpt", _xyz(D50)),
        *zip((b"rXYZ", b"gXYZ", b"bXYZ"), map(_xyz, colorants), strict=True),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    return _profile(tags)


def _profile(tags: list[tuple[bytes, bytes]]) -> bytes:
    table, content = b"", b""
    begin = HEADER.size + 4 + 12 * len(tags)
    for name, data in tags:
        table += struct.pack(">4sII", name, begin + len(content), len(data))
        content += data + bytes(-len(data) % 4)
    header = HEADER.pack(begin + len(content), 0x0240_0000, b"mntr", b"RGB ", b"XYZ ", b"acsp", _fixed(D50))
    return header + struct.pack(">I", len(tags)) + table + content


def _fixed(values: XYZ) -> bytes:
    return struct.pack(">3i", *(round(value * 65_536) for value in values))


def _xyz(values: XYZ) -> bytes:
    return b"XYZ " + bytes(4) + _fixed(values)


def _curve(linear: Callable[[float], float]) -> bytes:
    entries = [round(65_535 * linear(n / (CURVE_ENTRIES - 1))) for n in range(CURVE_ENTRIES)]
    return b"curv" + struct.pack(f">4xI{CURVE_ENTRIES}H", CURVE_ENTRIES, *entries)


def _srgb(code: float) -> float:
    """IEC 61966-2-1."""
    return code / 12.92 if code <= 0.04045 else float(((code + 0.055) / 1.055) ** 2.4)


def _pq(code: float) -> float:
    """SMPTE ST 2084, in ITU-R BT.2100, table 4."""
    root = code ** (1 / 78.84375)
    nits = 10_000 * (max(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
    return _below_white(nits / REFERENCE_WHITE_NITS)


def _hlg(code: float) -> float:
    """ITU-R BT.2100, table 5, on a screen of `HLG_PEAK_NITS`."""
    scene = code**2 / 3 if code <= 0.5 else (math.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return _below_white(HLG_PEAK_NITS * scene**HLG_GAMMA / REFERENCE_WHITE_NITS)


def _below_white(light: float) -> float:
    if light <= KNEE:
        return light
    return 1 - (1 - KNEE) * math.exp(-(light - KNEE) / (1 - KNEE))
