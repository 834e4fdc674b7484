"""What becomes of a part's content: a file of ours, a short text, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from app.errors import EmptyFile, FileTooLarge, InvalidParameter, MissingPart
from app.media.inspection import confirmed, glanced, sniffed
from app.media.media_types import GLANCE_BYTES, INPUTS, MediaType

MAX_TEXT_BYTES = 4096


@dataclass(frozen=True)
class UploadedFile:
    """A file that arrived whole. `path` is ours: nothing of the client's name is in it."""

    path: Path
    media_type: MediaType
    size_bytes: int


class FilePart:
    """Counts, sniffs and writes one file.

    Raises:
        FileTooLarge: with the first byte too many.
        UnsupportedMediaType: from the first bytes, or at the end of a file that tells only there.
    """

    def __init__(self, name: str, path: Path, max_file_bytes: int, *, has_file_name: bool) -> None:
        self._name = name
        self._has_file_name = has_file_name
        self._uploaded: UploadedFile | None = None
        self._path = path
        self._max_file_bytes = max_file_bytes
        self._size_bytes = 0
        self._head = bytearray()
        self._media_type: MediaType | None = None
        # Unbuffered: the pieces are large, and a buffer would be one more copy of each.
        self._file = path.open("xb", buffering=0)

    def write(self, piece: memoryview) -> None:
        self._size_bytes += len(piece)
        if self._size_bytes > self._max_file_bytes:
            raise FileTooLarge(self._name, self._max_file_bytes)
        if not self._media_type:
            self._collect_head(piece)
        while piece:
            piece = piece[self._file.write(piece) :]

    def close(self) -> None:
        self.release()
        if self._size_bytes:
            media_type = confirmed(self._name, self._path, self._media_type or self._sniff())
            self._uploaded = UploadedFile(self._path, media_type, self._size_bytes)

    def received(self) -> UploadedFile:
        """The file, once it is whole.

        Raises:
            EmptyFile: it has a name and nothing in it.
            MissingPart: there is nothing at all: a browser's input that was left blank.
        """
        if self._uploaded is None:
            raise EmptyFile(self._name) if self._has_file_name else MissingPart(self._name)
        return self._uploaded

    def release(self) -> None:
        """Closes the file, also one that was cut off."""
        self._file.close()

    def _collect_head(self, piece: memoryview) -> None:
        """Looks once the first bytes are there, and again when there are as many as it may take."""
        last_bytes = INPUTS[self._name].sniff_bytes
        for look_bytes in (GLANCE_BYTES, last_bytes):
            missing_bytes = look_bytes - len(self._head)
            if 0 < missing_bytes <= len(piece):
                self._head += piece[:missing_bytes]
                piece = piece[missing_bytes:]
                look = sniffed if look_bytes == last_bytes else glanced
                self._media_type = look(self._name, bytes(self._head))
            if self._media_type:
                return
        self._head += piece[: last_bytes - len(self._head)]

    def _sniff(self) -> MediaType:
        return sniffed(self._name, bytes(self._head))


class TextPart:
    """Keeps a short text; of a longer one only that it was longer."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._content = b""

    def write(self, piece: memoryview) -> None:
        self._content += piece[: MAX_TEXT_BYTES + 1 - len(self._content)]

    def close(self) -> None:
        pass

    def text(self) -> str:
        """The whole text. Raises InvalidParameter where it is too long or not UTF-8."""
        try:
            text = self._content.decode()
        except UnicodeDecodeError:
            raise self._refusal() from None
        if len(self._content) > MAX_TEXT_BYTES:
            raise self._refusal()
        return text

    def _refusal(self) -> InvalidParameter:
        return InvalidParameter(self._name, f"UTF-8 text of at most {MAX_TEXT_BYTES} bytes")


class DroppedPart:
    """Takes no notice of its content."""

    def write(self, piece: memoryview) -> None:
        pass

    def close(self) -> None:
        pass
