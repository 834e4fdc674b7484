"""How many files and sockets a process may have open, and how many of them may be clients that wait.

The usual limit is 1024, on macOS 256; a process may raise it to another, the hard one (setrlimit(2)).
"""

from __future__ import annotations

import resource

#: Clients that don't wait for a job.
CONNECTIONS = 512
#: Listeners, logs, the database, the queue, and files that are being sent or received.
OTHERS = 256


def raise_limit(max_streams: int) -> None:
    """Makes room for `max_streams` beside all else, as far as that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + OTHERS + max_streams
    reachable = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < reachable:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))


def places_for(max_streams: int) -> int:
    """For how many of `max_streams` there is room, so that they leave the others theirs."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return max_streams
    return max(0, min(max_streams, soft - CONNECTIONS - OTHERS))
