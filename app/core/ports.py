"""Whether this machine lets a process listen at an address."""

from __future__ import annotations

import socket


def try_to_listen(host: str, port: int) -> None:
    """Binds the port and lets it go again. Raises OSError: it is taken, or isn't ours to take."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
