"""multipart/form-data (RFC 7578) as a stream: python-multipart, with bounds on what it leaves open.

The parser takes a cut body for a whole one, doesn't count parts, and hands header lines out in pieces;
here a body counts as whole only once its last boundary was seen, each part is opened by its name, and none
swallows the next.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from app.errors import MalformedBody, NotMultipart

MAX_PARTS = 8
MAX_HEADERS_PER_PART = 8
MAX_HEADER_BYTES = 4096
#: The encodings that leave the bytes as they are (RFC 2045, section 6.2).
PLAIN_ENCODINGS = frozenset({b"", b"binary", b"8bit", b"7bit"})


class Part(Protocol):
    """Takes one part's content as it arrives."""

    def write(self, piece: memoryview) -> None:
        """Takes the next bytes; `piece` is valid during the call only."""

    def close(self) -> None:
        """The part ended as it should."""


#: Given a part's name, and its file name if it has one, says where its content goes, or refuses it.
OpenPart = Callable[[str, str | None], Part]


def boundary_of(content_type: str | None) -> bytes:
    """The boundary that a Content-Type header declares.

    Raises:
        NotMultipart: the type is not multipart/form-data.
        MalformedBody: it is, but names no boundary.
    """
    media_type, options = parse_options_header(content_type)
    if media_type != b"multipart/form-data":
        raise NotMultipart
    if not options.get(b"boundary"):
        raise MalformedBody("The Content-Type header names no multipart boundary.")
    return options[b"boundary"]


class MultipartReader:
    """Cuts a body into its parts. What a Part or `open_part` raises goes straight through `feed`."""

    def __init__(self, boundary: bytes, open_part: OpenPart) -> None:
        """Raises MalformedBody for a boundary that is too long."""
        self._open_part = open_part
        self._part: Part | None = None
        self._parts = 0
        self._ended = False
        self._header_name = self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._delimiter = b"--" + boundary
        self._feared = b""
        self._parser = self._parser_for(boundary)

    def feed(self, chunk: bytes) -> None:
        """Takes the next bytes of the body.

        Raises:
            MalformedBody: they break the format or one of the bounds above.
        """
        try:
            self._parser.write(chunk)
        except FormParserError as error:
            raise MalformedBody(f"The multipart body is malformed: {error}.") from error

    def finish(self) -> None:
        """Says that the body is over.

        Raises:
            MalformedBody: it was cut off before its last boundary.
        """
        if not self._ended:
            raise MalformedBody("The multipart body was cut off before its end.")

    def _parser_for(self, boundary: bytes) -> MultipartParser:
        try:
            return MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_header_field": self._take_header_name,
                    "on_header_value": self._take_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take_content,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_count=MAX_HEADERS_PER_PART,
                max_header_size=MAX_HEADER_BYTES,
            )
        except FormParserError as error:
            raise MalformedBody(f"The multipart boundary can't be used: {error}.") from error

    def _begin_part(self) -> None:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise MalformedBody(f"The multipart body has more than {MAX_PARTS} parts.")
        self._headers = {}

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header_name.lower()] = self._header_value.strip(b" \t")
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        encoding = self._headers.get(b"content-transfer-encoding", b"").lower()
        if encoding not in PLAIN_ENCODINGS:
            raise MalformedBody("Send the parts as they are, without a Content-Transfer-Encoding.")
        self._part = self._open_part(*_part_names(self._headers))
        self._feared = self._delimiter

    def _take_content(self, data: bytes, start: int, end: int) -> None:
        if self._feared:
            self._refuse_swallowed(data[start : min(end, start + len(self._feared))])
        if self._part:
            self._part.write(memoryview(data)[start:end])

    def _refuse_swallowed(self, beginning: bytes) -> None:
        """A part may end with its headers (RFC 2046, 5.1.1): the parser takes what follows as its content."""
        if not self._feared.startswith(beginning):
            self._feared = b""
        elif beginning == self._feared:
            raise MalformedBody("A part has neither content nor the empty line that stands for it.")
        else:
            self._feared = self._feared[len(beginning) :]

    def _end_part(self) -> None:
        if self._part:
            self._part.close()
        self._part = None

    def _end(self) -> None:
        self._ended = True


def _part_names(headers: dict[bytes, bytes]) -> tuple[str, str | None]:
    """Its name, and that of its file, which is empty where a browser's input was left blank."""
    disposition, options = parse_options_header(headers.get(b"content-disposition", b""))
    name = options.get(b"name", b"").decode("utf-8", "replace")
    if disposition != b"form-data" or not name:
        raise MalformedBody("A part has no name: its Content-Disposition must be form-data; name=...")
    file_name = options.get(b"filename")
    return name, None if file_name is None else file_name.decode("utf-8", "replace")
