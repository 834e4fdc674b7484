"""Unguessable names for jobs, keys, tokens and deliveries."""

from __future__ import annotations

import secrets
import string

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 24


def new_id() -> str:
    """24 lower-case letters and digits beginning with a letter, the shape of a cuid2: 123 random bits."""
    return secrets.choice(string.ascii_lowercase) + "".join(
        secrets.choice(_ALPHABET) for _ in range(_LENGTH - 1)
    )
