"""Unguessable names for jobs, keys, tokens and deliveries."""

from __future__ import annotations

import re
import secrets
import string

DELIVERY_PREFIX = "msg_"

_ALPHABET = string.ascii_lowercase + string.digits
_LENGTH = 24
#: How a cuid begins: validators of this family of ids look at the first letter, too.
_FIRST = "c"
#: What the ids look like: regular expressions as ECMA-262 has them, too. Older ones begin with any letter.
PATTERN = f"^[a-z][a-z0-9]{{{_LENGTH - 1}}}$"
DELIVERY_PATTERN = PATTERN.replace("^", f"^{DELIVERY_PREFIX}")
_SHAPE = re.compile(PATTERN.strip("^$"))


def new_id() -> str:
    """A cuid: `c` and 23 lower-case letters and digits, 118 random bits."""
    return _FIRST + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH - 1))


def new_delivery_id() -> str:
    """An id with the prefix that Standard Webhooks 1.0.0 shows on a `webhook-id`. It holds no dot."""
    return DELIVERY_PREFIX + new_id()


def is_delivery_id(text: str) -> bool:
    """Whether `new_delivery_id` may have made it."""
    return text.startswith(DELIVERY_PREFIX) and is_id(text.removeprefix(DELIVERY_PREFIX))


def is_id(text: str) -> bool:
    """Whether `new_id` makes it, or once did.

    Other texts needn't be looked up, and some a database can't take.
    """
    return _SHAPE.fullmatch(text) is not None
