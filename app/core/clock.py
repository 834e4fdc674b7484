"""The wall clock: the one thing about time that tests replace.

Leases and due times use the database's own clock (`app.database.database.now_ms`), so that several hosts
agree.
"""

from __future__ import annotations

import time


def now_seconds() -> float:
    """Seconds since the Unix epoch."""
    return time.time()
