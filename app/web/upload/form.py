"""The upload door: a multipart body becomes two checked files and a few texts while it streams in.

Nothing is kept in memory but the piece at hand, nothing is believed but the bytes, and a refusal
at any point leaves nothing on the disk.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from werkzeug.exceptions import ClientDisconnected

from app.domain.options import InvalidOption, RenderOptions, options
from app.errors import (
    BadRequest,
    BodyTooLarge,
    DiskFull,
    InvalidParameter,
    MalformedBody,
    MissingPart,
    RepeatedPart,
    UnknownPart,
)
from app.media.inspection import NO_LIMITS, MediaLimits, inspect
from app.media.media_types import INPUTS, InputSpec
from app.web.upload.fingerprints import Fingerprint
from app.web.upload.multipart import MultipartReader, OpenPart, Part, boundary_of
from app.web.upload.parts import DroppedPart, FilePart, TextPart, UploadedFile

CHUNK_BYTES = 256 * 1024
#: What a body may hold beside its files: boundaries, part headers, texts.
MAX_OVERHEAD_BYTES = 64 * 1024


@dataclass(frozen=True)
class Submission:
    """What POST /api/jobs brought."""

    files: Mapping[str, UploadedFile]
    options: RenderOptions
    webhook_url: str | None

    @property
    def size_bytes(self) -> int:
        """Of all files."""
        return sum(file.size_bytes for file in self.files.values())


class ByteStream(Protocol):
    """`wsgi.input`, or Flask's `request.stream`."""

    def read(self, size: int, /) -> bytes: ...


@contextmanager
def receive(
    stream: ByteStream,
    content_type: str | None,
    content_length: int | None,
    folder: Path,
    max_file_bytes: int,
    check_webhook_url: Callable[[str], str],
    fingerprint: Fingerprint | None = None,
    limits: MediaLimits = NO_LIMITS,
) -> Iterator[Submission]:
    """Reads a body into `folder`, which must not exist yet and is gone, with what is left in it, on leaving.

    The caller moves the files away inside the `with`. `content_length` is None for a chunked body;
    `check_webhook_url` returns the URL to use; `fingerprint` is taken, if there is one to be taken; `limits`
    are what headers of the files may claim.
    The refusals that need no byte of the body come first.

    Raises:
        NotMultipart, MalformedBody, BodyTooLarge, FileTooLarge, UnsupportedMediaType, UnknownPart,
        RepeatedPart, MissingPart, EmptyFile, FileTooShort, TooManyPixels, AudioTooLong, NoSound,
        InvalidWebhookUrl, InvalidParameter: the body's fault.
        DiskFull: the disk is, before or during the upload, or in the `with`.
        UploadTooSlow: raised by a stream that knows about time (`app.web.server.early_answers`).
    """
    boundary = boundary_of(content_type)
    max_body_bytes = len(INPUTS) * max_file_bytes + MAX_OVERHEAD_BYTES
    if content_length is not None and content_length > max_body_bytes:
        raise BodyTooLarge
    expected_bytes = max_body_bytes if content_length is None else content_length
    with _scratch(folder, expected_bytes), closing(_Form(folder, max_file_bytes, limits)) as form:
        open_part = _watched(form.open_part, fingerprint) if fingerprint else form.open_part
        _pump(stream, MultipartReader(boundary, open_part), max_body_bytes)
        yield form.submission(check_webhook_url)


@contextmanager
def _scratch(folder: Path, expected_bytes: int) -> Iterator[None]:
    """Makes a private folder on a disk with room for `expected_bytes`, and removes it on leaving."""
    with _disk_full_told():
        folder.mkdir(mode=0o700, parents=True)
    try:
        with _disk_full_told():
            if shutil.disk_usage(folder).free < expected_bytes:
                raise DiskFull
            yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _disk_full_told() -> Iterator[None]:
    """Raises DiskFull for whatever says that there is no room."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise


def _pump(stream: ByteStream, reader: MultipartReader, max_body_bytes: int) -> None:
    received_bytes = 0
    while chunk := _next_chunk(stream):
        received_bytes += len(chunk)
        if received_bytes > max_body_bytes:
            raise BodyTooLarge
        reader.feed(chunk)
    reader.finish()


def _watched(open_part: OpenPart, fingerprint: Fingerprint) -> OpenPart:
    return lambda name, file_name: fingerprint.over(name, open_part(name, file_name))


def _next_chunk(stream: ByteStream) -> bytes:
    try:
        return stream.read(CHUNK_BYTES)
    except ClientDisconnected as error:
        raise MalformedBody("The multipart body was cut off before its end.") from error


class _Form:
    """The parts of one body, by name.

    A part that shouldn't be there is remembered and its content dropped: it is refused only after
    the checks that come before it in the contract, which later parts may still fail.
    """

    def __init__(self, folder: Path, max_file_bytes: int, limits: MediaLimits) -> None:
        self._folder = folder
        self._max_file_bytes = max_file_bytes
        self._limits = limits
        self._files: dict[str, FilePart] = {}
        self._texts: dict[str, TextPart] = {}
        self._refusal: BadRequest | None = None

    def open_part(self, name: str, file_name: str | None) -> Part:
        if name in self._files or name in self._texts:
            return self._drop(RepeatedPart(name))
        if name in INPUTS:
            path = self._folder / name
            file = FilePart(name, path, self._max_file_bytes, has_file_name=bool(file_name))
            return self._files.setdefault(name, file)
        if name in _TEXT_NAMES:
            return self._texts.setdefault(name, TextPart(name))
        return self._drop(UnknownPart(name, (*INPUTS, *_TEXT_NAMES)))

    def submission(self, check_webhook_url: Callable[[str], str]) -> Submission:
        """What the whole body says."""
        if self._refusal:
            raise self._refusal
        received = {name: self._file(spec) for name, spec in INPUTS.items()}
        files = {name: file for name, file in received.items() if file}
        for name, file in files.items():
            inspect(name, file.path, file.media_type, self._limits)
        webhook_url = self._text("webhookUrl")
        return Submission(
            files=files,
            webhook_url=check_webhook_url(webhook_url) if webhook_url else None,
            options=self._options(),
        )

    def _options(self) -> RenderOptions:
        try:
            return RenderOptions.of_texts({name: self._text(name) for name in self._texts})
        except InvalidOption as error:
            raise InvalidParameter(error.name, error.expected) from None

    def close(self) -> None:
        for part in self._files.values():
            part.release()

    def _drop(self, refusal: BadRequest) -> Part:
        self._refusal = self._refusal or refusal
        return DroppedPart()

    def _file(self, spec: InputSpec) -> UploadedFile | None:
        part = self._files.get(spec.name)
        if part is None and spec.is_required:
            raise MissingPart(spec.name)
        return part.received() if part else None

    def _text(self, name: str) -> str:
        return self._texts[name].text() if name in self._texts else ""


#: Parts that are text: where to tell of the end, and the options.
_TEXT_NAMES = ("webhookUrl", *(each.name for each in options()))
