"""What may stand as `webhookUrl`, and how it is read. Names are resolved by `http_client`."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from urllib.parse import SplitResult, quote, urlsplit

import idna

from app.config.settings import IpNetwork
from app.egress.ip_policy import is_permitted
from app.errors import InvalidWebhookUrl

MAX_URL_CHARACTERS = 2048
HTTPS_PORT = 443
UNREADABLE = "The host or port of webhookUrl can't be read."

_AUTHORITY = re.compile(r"(?:\[(?P<ipv6>[^\[\]]*)\]|(?P<name>[^\[\]:]*))(?::(?P<port>[0-9]{0,5}))?")
#: A DNS name (RFC 1035, section 2.3.4); the underscore is not a host name's but is found in the wild.
_NAME = re.compile(r"(?=.{1,253}$)(?:(?!-)[a-z0-9_-]{1,63}(?<!-)\.)*(?!-)[a-z0-9_-]{1,63}(?<!-)")
#: What a resolver reads as a number instead of a name: `127.1`, `0x7f000001`, `0177.0.0.1`.
_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
#: RFC 3986, section 2: everything else is percent-encoded; `%` stays, as the sender has encoded already.
_SENT_AS_IS = "%/?:@!$&'()*+,;=~"


@dataclass(frozen=True)
class Target:
    """Where a webhook goes. `host` is ASCII and has no brackets; `path` includes the query, as it is sent."""

    host: str
    port: int
    path: str


def check_webhook_url(url: str, allow_nets: Sequence[IpNetwork], allow_ports: Collection[int] | None) -> str:
    """Gives `url` back if a webhook may go there, as far as that can be told without asking DNS.

    `allow_nets` are networks permitted beside the public internet; `allow_ports` None means any.

    Raises:
        InvalidWebhookUrl: with a sentence that says what to change.
    """
    target = parse_target(url)
    if allow_ports is not None and target.port not in allow_ports:
        ports = ", ".join(map(str, sorted(allow_ports)))
        raise InvalidWebhookUrl(f"webhookUrl must use one of these ports: {ports}.")
    _check_literal(target.host, allow_nets)
    return url


def parse_target(url: str) -> Target:
    """Reads an https URL; its fragment is dropped.

    Raises:
        InvalidWebhookUrl: with a sentence that says what to change.
    """
    parts = _split(url)
    authority = _AUTHORITY.fullmatch(parts.netloc)
    if not authority:
        raise InvalidWebhookUrl(UNREADABLE)
    host = _ipv6(authority["ipv6"]) if authority["name"] is None else _name(authority["name"])
    path = quote(parts.path or "/", _SENT_AS_IS) + (
        f"?{quote(parts.query, _SENT_AS_IS)}" if parts.query else ""
    )
    return Target(host, _port(authority["port"]), path)


def host_of(url: str) -> str:
    """The word two URLs of one receiver share, for counting. Never fails, also on what isn't a URL."""
    return re.split(r"[/?#]", url.partition("://")[2], maxsplit=1)[0].lower()


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_CHARACTERS:
        raise InvalidWebhookUrl(f"webhookUrl must be at most {MAX_URL_CHARACTERS} characters long.")
    if not url.isprintable() or " " in url or "\\" in url:
        raise InvalidWebhookUrl(
            "webhookUrl must not hold spaces, line breaks, backslashes or control characters."
        )
    try:
        parts = urlsplit(url)
    except ValueError:
        raise InvalidWebhookUrl(UNREADABLE) from None
    if parts.scheme != "https" or not parts.netloc:
        raise InvalidWebhookUrl("webhookUrl must begin with https:// and name a host.")
    if "@" in parts.netloc:
        raise InvalidWebhookUrl("webhookUrl must not hold a user name or password.")
    return parts


def _port(digits: str | None) -> int:
    port = int(digits or HTTPS_PORT)
    if not 1 <= port <= 65535:
        raise InvalidWebhookUrl("The port of webhookUrl must be between 1 and 65535.")
    return port


def _name(text: str) -> str:
    try:
        name = text.lower() if text.isascii() else idna.encode(text, uts46=True).decode()
    except idna.IDNAError:
        raise InvalidWebhookUrl("The host of webhookUrl is not a valid international name.") from None
    name = name.removesuffix(".")
    if not _NAME.fullmatch(name):
        raise InvalidWebhookUrl("webhookUrl must begin with https:// and name a valid host.")
    return name


def _ipv6(text: str) -> str:
    try:
        return str(IPv6Address("" if "%" in text else text))
    except ValueError:
        raise InvalidWebhookUrl(UNREADABLE) from None


def _check_literal(host: str, allow_nets: Sequence[IpNetwork]) -> None:
    if ":" not in host and not _NUMBER.fullmatch(host):
        return
    try:
        address = ip_address(host)
    except ValueError:
        raise InvalidWebhookUrl("An IPv4 address in webhookUrl must be four decimal numbers.") from None
    if not is_permitted(address, allow_nets):
        raise InvalidWebhookUrl("webhookUrl must lead to the public internet.")
