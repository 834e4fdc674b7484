"""Results of calls as values: what it returned, or what it failed with.

For loops that serve many: what one of them fails with, of whatever kind, must not end the loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def result_of(call: Callable[[], T]) -> T | Exception:
    """What a call returns, or the exception it raises; only what ends a process passes."""
    try:
        return call()
    except Exception as error:  # noqa: BLE001 - whatever it is, the caller is told
        return error
