"""HTTP to one service: with the key, with deadlines, and with second tries where they do no harm."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, TypeVar
from urllib.parse import quote

import httpx
from pydantic import ValidationError

from app.client.backoff import Backoff
from app.client.errors import NotTalkreel, Refused, TalkreelError, Unreachable
from app.client.results import Result
from app.core.signing import USER_AGENT

#: Too many requests, or a service (or the proxy before it) that is being restarted.
TRY_AGAIN = frozenset({429, 502, 503, 504})
#: A restart takes less; without an answer for this long, there is no service.
OUTAGE_SECONDS = 15.0
_WEB_ADDRESS = re.compile(r"https?://[^/?#\s]+[^?#\s]*")
MAX_PORT = 65_535
_KEY = re.compile(r"[!-~]+")
_SECONDS = re.compile(r"[0-9]{1,5}")

R = TypeVar("R", bound=Result)


class Wire:
    """`timeout_seconds` is how long the service may be silent, and how long a call is tried anew."""

    def __init__(
        self, url: str, key: str, *, timeout_seconds: float, transport: httpx.BaseTransport | None
    ) -> None:
        """Raises TalkreelError for what can't be an address, or a key."""
        if not _is_address(url):
            raise TalkreelError(f"{url!r} is not an address such as https://talkreel.example.com.")
        if not _KEY.fullmatch(key):
            raise TalkreelError("The API key has characters in it that no key has.")
        self.url = url.rstrip("/")
        self.timeout_seconds = timeout_seconds
        # The key is not the client's own header: a video's link may lead to another host.
        self._key = {"X-API-Key": key}
        self._http = httpx.Client(headers={"User-Agent": USER_AGENT}, transport=transport)

    def close(self) -> None:
        self._http.close()

    def call(
        self,
        method: str,
        path: str,
        *,
        patience: Backoff | None = None,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, IO[bytes]] | None = None,
    ) -> httpx.Response:
        """The answer, if it is a good one (or 304). What can't be sent, or comes too early, is tried again.

        Raises:
            Refused: the service says why; Unreachable: it says nothing.
        """
        patience = patience or Backoff(self.timeout_seconds)
        outage = Backoff(min(OUTAGE_SECONDS, patience.left_seconds))
        while True:
            try:
                answer = self._http.request(
                    method,
                    self.url + path,
                    headers={**self._key, **(headers or {})},
                    params=params,
                    data=data,
                    files=files,
                    timeout=self._timeout(patience),
                )
            except httpx.LocalProtocolError as error:
                raise TalkreelError(f"The request can't be sent: {error}.") from error
            except httpx.RequestError as error:
                outage.pause(Unreachable(self.url, error))
                continue
            if answer.status_code not in TRY_AGAIN:
                return self.checked(answer)
            patience.pause(self.refusal(answer), retry_after_seconds(answer))

    @contextmanager
    def stream(
        self, address: str, *, headers: Mapping[str, str], read_seconds: float | None = None
    ) -> Iterator[httpx.Response]:
        """One try to GET what is long: a path of the service's, with the key, or a link, without it.

        A link may lead on to where the videos are kept.

        Raises httpx.RequestError.
        """
        is_ours = address.startswith("/")
        timeout = httpx.Timeout(self.timeout_seconds, read=read_seconds or self.timeout_seconds)
        url = self.url + address if is_ours else address
        all_headers = {**(self._key if is_ours else {}), **headers}
        with self._http.stream(
            "GET", url, headers=all_headers, timeout=timeout, follow_redirects=not is_ours
        ) as answer:
            yield answer

    def read(self, answer: httpx.Response, kind: type[R]) -> R:
        """The answer's body. Raises NotTalkreel where it is something else."""
        try:
            return kind.model_validate_json(answer.content)
        except ValidationError:
            raise NotTalkreel(self.url, answer.status_code) from None

    def checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success or answer.status_code == httpx.codes.NOT_MODIFIED:
            return answer
        raise self.refusal(answer)

    def refusal(self, answer: httpx.Response) -> TalkreelError:
        """What the service said, as an error."""
        said = _json_object(answer)
        sentence, code = said.pop("error", None), said.pop("code", None)
        if not isinstance(sentence, str) or not isinstance(code, str):
            return NotTalkreel(self.url, answer.status_code)
        return Refused(answer.status_code, code, sentence, said)

    def _timeout(self, patience: Backoff) -> float:
        """A try that is begun gets a second at least, so that there is an answer to give."""
        return max(1.0, min(self.timeout_seconds, patience.left_seconds))


def retry_after_seconds(answer: httpx.Response) -> float | None:
    """Retry-After in seconds (RFC 9110, section 10.2.3); None without one, or where it is a date."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if _SECONDS.fullmatch(text) else None


def path_of(*words: str) -> str:
    """A path below `/api`, whatever is in the words."""
    return "/api/" + "/".join(quote(word, safe="") for word in words)


def _is_address(url: str) -> bool:
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL:
        return False
    return bool(_WEB_ADDRESS.fullmatch(url) and parsed.host and (parsed.port or 0) <= MAX_PORT)


def _json_object(answer: httpx.Response) -> dict[str, Any]:
    try:
        said = answer.json()
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
