"""What a task spends: its own processor time, and that of the programs it ran and waited for."""

from __future__ import annotations

import resource
import time

from app.keys.usage import CpuTime


class CpuMeter:
    """Runs from when it is made."""

    def __init__(self) -> None:
        self._begun_at = time.monotonic()
        self._used_before = _used_seconds()

    def read(self) -> CpuTime:
        """What was spent so far."""
        return CpuTime(time.monotonic() - self._begun_at, _used_seconds() - self._used_before)


def of_dead(begun_at: float, used: resource.struct_rusage) -> CpuTime:
    """What a process spent that the kernel told the end of; it began at this time of `time.monotonic`."""
    return CpuTime(time.monotonic() - begun_at, used.ru_utime + used.ru_stime)


def _used_seconds() -> float:
    usages = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
