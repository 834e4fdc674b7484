"""Which IP addresses a webhook may reach: explicit lists, the same on every Python.

`ipaddress.is_global` and `is_private` are not asked: they change between versions, and Python 3.11 calls
`::127.0.0.1`, `64:ff9b::a9fe:a9fe`, `fec0::1` and multicast global.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from app.config.settings import IpNetwork

IpAddress = IPv4Address | IPv6Address

#: IANA IPv4 Special-Purpose Address Registry (RFC 6890), multicast and reserved, and Azure's host agent.
CLOSED_IPV4 = tuple(
    IPv4Network(net)
    for net in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/3",
    )
)

#: All that IANA has given out for global unicast. Mapped, compatible, NAT64, site-local, unique-local,
#: link-local and multicast addresses lie outside of it.
OPEN_IPV6 = IPv6Network("2000::/3")

#: What inside `OPEN_IPV6` is special: Teredo and other protocol assignments, documentation, 6to4.
CLOSED_IPV6 = tuple(IPv6Network(net) for net in ("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"))


def is_permitted(address: IpAddress, allow_nets: Sequence[IpNetwork]) -> bool:
    """Whether `address` is on the public internet or in one of `allow_nets`."""
    return any(address in net for net in allow_nets) or _is_public(address)


def _is_public(address: IpAddress) -> bool:
    if isinstance(address, IPv4Address):
        return not any(address in net for net in CLOSED_IPV4)
    return address in OPEN_IPV6 and not any(address in net for net in CLOSED_IPV6)
