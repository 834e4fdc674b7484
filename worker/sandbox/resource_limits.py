"""What a process may use."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass

CORES = os.cpu_count() or 1
#: The core that one is on.
HERE = -1


@dataclass(frozen=True)
class Bounds:
    """What one process may use; it is killed at the first of these.

    `stall_seconds` is how long its progress may stand still: long, for on a busy machine a niced process may
    get nothing for half a minute. `processor_seconds` is summed over all cores.

    It keeps to its `core`, if it has one: that of this number, for those that run side by side, or HERE,
    where it began. Threads that hand on small packets wake each other all the time, and that takes far
    longer from one core to another.

    A program that `is_foreign` is neither ours nor ffmpeg. It may start others: it gets a process group,
    which ends with it. It may map and open what it likes, as GPU drivers map more than there is, and be
    silent for as long: only its deadline and the size of its files are bound.
    """

    deadline_seconds: float
    stall_seconds: float = 120
    processor_seconds: float = 0
    address_space_bytes: int = 2 << 30
    file_bytes: int = 8 << 30
    nice: int = 10
    core: int | None = None
    is_foreign: bool = False

    def __post_init__(self) -> None:
        if self.is_foreign:
            object.__setattr__(self, "stall_seconds", self.deadline_seconds)
            object.__setattr__(self, "processor_seconds", math.inf)
        elif not self.processor_seconds:
            object.__setattr__(self, "processor_seconds", self.deadline_seconds * CORES)

    def limits(self) -> list[str]:
        """The arguments of the cage."""
        everyones = [f"FSIZE={self.file_bytes}", "CORE=0"]
        if self.is_foreign:
            return everyones
        processor_seconds = math.ceil(self.processor_seconds)
        limits = [*everyones, f"AS={self.address_space_bytes}", f"CPU={processor_seconds}", "NOFILE=64"]
        return limits if self.core is None else [*limits, f"STAY={self.core}"]
