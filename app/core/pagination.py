"""Opaque page cursors: where a page ended, as keyset (created_at_ms, id)."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from app.errors import InvalidCursor

_PLAIN = re.compile(r"(\d{1,15})\.([a-z][a-z0-9]{7,31})", re.ASCII)


@dataclass(frozen=True)
class Cursor:
    """The last row of a page: its creation time in milliseconds since the epoch, and its id."""

    created_at_ms: int
    row_id: str


def encode(cursor: Cursor) -> str:
    """The cursor as URL-safe text."""
    plain = f"{cursor.created_at_ms}.{cursor.row_id}"
    return base64.urlsafe_b64encode(plain.encode()).rstrip(b"=").decode()


def decode(text: str) -> Cursor:
    """Reads what `encode` wrote.

    Raises:
        InvalidCursor: it is anything else.
    """
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode("ascii")
    except (binascii.Error, ValueError):
        raise InvalidCursor from None
    match = _PLAIN.fullmatch(plain)
    if not match:
        raise InvalidCursor
    return Cursor(int(match[1]), match[2])
