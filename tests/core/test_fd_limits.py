"""Room for connections: the limit of open files is raised, and what it can't hold isn't promised."""

from __future__ import annotations

import subprocess
import sys

import pytest

from app.core.fd_limits import CONNECTIONS, OTHERS

#: In a process of its own: a limit that was lowered stays so.
PROGRAM = """
import resource
from app.core import fd_limits
resource.setrlimit(resource.RLIMIT_NOFILE, ({soft}, {hard}))
fd_limits.raise_limit(100)
print(resource.getrlimit(resource.RLIMIT_NOFILE)[0], fd_limits.places_for(100))
"""
BESIDE = CONNECTIONS + OTHERS


@pytest.mark.parametrize(
    ("soft", "hard", "reached", "places"),
    [
        (256, 4096, BESIDE + 100, 100),
        (2048, 4096, 2048, 100),
        (256, BESIDE + 40, BESIDE + 40, 40),
        (256, 512, 512, 0),
    ],
)
def test_the_limit_is_raised_as_far_as_it_may(soft: int, hard: int, reached: int, places: int) -> None:
    program = PROGRAM.format(soft=soft, hard=hard)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )

    assert done.stdout.split() == [str(reached), str(places)]
