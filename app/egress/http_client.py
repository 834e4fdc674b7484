"""The one way out: an HTTPS POST that can't be led into a private network, nor held past its deadline.

The name is resolved once, every address found is checked, and the connection goes to a checked address: a
name that changes its mind between check and use (DNS rebinding) gains nothing. Redirects are not followed,
and no proxy is taken from the environment.

    EgressError
    ├── BlockedAddress    the URL or an address of its host is not permitted; nothing was sent
    ├── NameNotResolved   the host has no address
    ├── ConnectFailed     nobody listens at any of the host's addresses
    ├── TlsFailed         no TLS, or a certificate that isn't the host's
    ├── Timeout           the deadline passed before an answer
    └── BadAnswer         something that isn't HTTP, or a connection that broke
"""

from __future__ import annotations

import contextlib
import http.client
import queue
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from app.config.settings import IpNetwork, Settings
from app.egress.deadline_socket import Deadline, tls_context, with_deadline
from app.egress.ip_policy import is_permitted
from app.egress.urls import Target, check_webhook_url, parse_target
from app.errors import InvalidWebhookUrl

DEADLINE_SECONDS = 15.0
#: For one address, so that a dead first one leaves time for the next.
CONNECT_SECONDS = 5.0
MAX_ANSWER_BYTES = 64 << 10

#: Host and port to addresses; raises OSError when there are none.
Resolve = Callable[[str, int], Sequence[str]]


class EgressError(Exception):
    """A POST that got no answer. `error_class` is the word for records."""

    error_class = "egress_error"


class BlockedAddress(EgressError):
    error_class = "blocked_address"


class NameNotResolved(EgressError):
    error_class = "name_not_resolved"


class ConnectFailed(EgressError):
    error_class = "connect_failed"


class TlsFailed(EgressError):
    error_class = "tls_failed"


class Timeout(EgressError):
    error_class = "timeout"


class BadAnswer(EgressError):
    error_class = "bad_answer"


@dataclass(frozen=True)
class EgressPolicy:
    """Where a POST may go: `allow_nets` beside the public internet, `allow_ports` (None: any), and whom to
    trust: the system's authorities and those in `ca_file`."""

    allow_nets: tuple[IpNetwork, ...] = ()
    allow_ports: tuple[int, ...] | None = (443, 8443)
    ca_file: Path | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> EgressPolicy:
        return cls(settings.webhook_allow_nets, settings.webhook_allow_ports, settings.webhook_ca_file)


@dataclass(frozen=True)
class Answer:
    """What the other side said; its body is dropped. `retry_after` is the header, as it came."""

    status: int
    retry_after: str | None = None


def lookup(host: str, port: int) -> Sequence[str]:
    """Every address the system's resolver knows for `host`."""
    return [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    policy: EgressPolicy,
    deadline_seconds: float = DEADLINE_SECONDS,
    resolve: Resolve = lookup,
) -> Answer:
    """Sends `body` to `url` once; every answer counts as one, whatever its status.

    Raises:
        EgressError: see the tree above. All of it, DNS included, ends within `deadline_seconds`.
    """
    deadline = Deadline.after(deadline_seconds)
    target = _permitted_target(url, policy)
    try:
        addresses = _permitted_addresses(target, policy, resolve, deadline)
        with (
            _connect(addresses, target.port, deadline) as plain,
            _secure(plain, target, policy, deadline) as wire,
        ):
            return _exchange(wire, target, body, headers)
    except TimeoutError as error:
        raise Timeout(f"no answer within {deadline_seconds:g} s") from error


def _permitted_target(url: str, policy: EgressPolicy) -> Target:
    try:
        return parse_target(check_webhook_url(url, policy.allow_nets, policy.allow_ports))
    except InvalidWebhookUrl as error:
        raise BlockedAddress(error.sentence) from None


def _permitted_addresses(
    target: Target, policy: EgressPolicy, resolve: Resolve, deadline: Deadline
) -> Sequence[str]:
    """One address that isn't permitted refuses the whole name: it is a mistake or an attempt."""
    addresses = list(dict.fromkeys(_resolve_in_time(target, resolve, deadline)))
    if not addresses:
        raise NameNotResolved(f"{target.host} has no address")
    for address in addresses:
        if not is_permitted(ip_address(address), policy.allow_nets):
            raise BlockedAddress(f"{target.host} leads to {address}")
    return addresses


def _resolve_in_time(target: Target, resolve: Resolve, deadline: Deadline) -> Sequence[str]:
    """`getaddrinfo` knows no deadline, so it gets a thread, which is left behind if it hangs.

    The C library gives up by itself after some tries, so those left behind are few.
    """
    answers: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(target.host, target.port))
        except OSError as error:
            answers.put(error)

    threading.Thread(target=ask, name="webhook-resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left_seconds())
    except queue.Empty:
        raise TimeoutError(f"{target.host} was not resolved in time") from None
    if isinstance(answer, OSError):
        raise NameNotResolved(f"{target.host}: {answer}") from answer
    return answer


def _connect(addresses: Sequence[str], port: int, deadline: Deadline) -> socket.socket:
    """To the first address that takes the connection."""
    failures: list[OSError] = []
    for address in addresses:
        seconds = min(CONNECT_SECONDS, deadline.left_seconds())
        try:
            return socket.create_connection((address, port), timeout=seconds)
        except OSError as error:
            failures.append(error)
    raise ConnectFailed("; ".join(map(str, failures))) from failures[-1]


def _secure(plain: socket.socket, target: Target, policy: EgressPolicy, deadline: Deadline) -> ssl.SSLSocket:
    """TLS for the name in the URL (SNI and certificate), whatever address was taken."""
    plain.settimeout(deadline.left_seconds())
    try:
        wire = tls_context(policy.ca_file).wrap_socket(plain, server_hostname=target.host)
    except TimeoutError:
        raise
    except OSError as error:
        raise TlsFailed(f"{target.host}: {error}") from error
    return with_deadline(wire, deadline)


def _exchange(wire: ssl.SSLSocket, target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    connection = http.client.HTTPSConnection(target.host, target.port, context=wire.context)
    connection.sock = wire
    try:
        connection.request("POST", target.path, body, {**headers, "Connection": "close"})
        with connection.getresponse() as response:
            _drop_body(response)
            return Answer(response.status, response.getheader("Retry-After"))
    except TimeoutError:
        raise
    except (OSError, http.client.HTTPException) as error:
        raise BadAnswer(f"{target.host}: {error}") from error
    finally:
        connection.close()


def _drop_body(response: http.client.HTTPResponse) -> None:
    """Reads a little, which spares an honest receiver a broken pipe. The status line was the answer."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        response.read(MAX_ANSWER_BYTES)
