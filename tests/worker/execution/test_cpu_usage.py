"""What a task spends."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from worker.execution import cpu_usage
from worker.execution.cpu_usage import CpuMeter

BURN_SECONDS = 0.3
#: Uses so much processor time.
BURN = f"import time\nwhile time.process_time() < {BURN_SECONDS}: pass"


def test_its_own_processor_time_counts() -> None:
    running = CpuMeter()
    end = time.process_time() + BURN_SECONDS
    while time.process_time() < end:
        pass

    effort = running.read()

    assert effort.cpu_seconds >= BURN_SECONDS * 0.99
    assert effort.render_seconds >= BURN_SECONDS * 0.99


def test_that_of_the_programs_it_ran_counts_too() -> None:
    running = CpuMeter()
    subprocess.run([sys.executable, "-c", BURN], check=True, timeout=60)

    assert running.read().cpu_seconds >= BURN_SECONDS * 0.99


def test_what_was_spent_before_doesn_t_count() -> None:
    subprocess.run([sys.executable, "-c", BURN], check=True, timeout=60)

    assert CpuMeter().read().cpu_seconds < BURN_SECONDS


def test_a_dead_process_s_end_tells_what_it_spent() -> None:
    begun_at = time.monotonic()
    child = subprocess.Popen([sys.executable, "-c", BURN])
    _, child.returncode, used = os.wait4(child.pid, 0)

    effort = cpu_usage.of_dead(begun_at, used)

    assert effort.cpu_seconds >= BURN_SECONDS * 0.99
    assert effort.render_seconds > 0
