"""This machine, as others see it."""

from __future__ import annotations

import socket
from contextlib import suppress
from ipaddress import ip_address

#: Of documentation (RFC 5737, RFC 3849): whatever leads there leads out. No packet is sent.
_OUTSIDE = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def own_address(host: str, port: int) -> str:
    """The URL by which a service that listens at `host` is reached, as far as this machine can tell."""
    reachable = outward_host() if listens_everywhere(host) else host
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def listens_everywhere(host: str) -> bool:
    """Whether it is `0.0.0.0` or `::`: addresses to listen at, which lead nowhere."""
    with suppress(ValueError):
        return ip_address(host).is_unspecified
    return False


def outward_host() -> str:
    """The address that this machine calls others from; the loopback's where it has none."""
    for family, outside in _OUTSIDE:
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((outside, 9))
            return str(probe.getsockname()[0])
    return "127.0.0.1"
