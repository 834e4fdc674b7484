"""What makes two submissions the same: the content of their parts.

Boundaries, the order of the parts, their headers and the client's file names don't count: they may change
from one try to the next.
"""

from __future__ import annotations

import hashlib

from app.web.upload.multipart import Part

_OF_NOTHING = hashlib.sha256().digest()


class Fingerprint:
    """SHA-256 over the content of a body's parts, by name, taken while they arrive."""

    def __init__(self) -> None:
        self._parts: dict[str, _Watched] = {}

    def over(self, name: str, part: Part) -> Part:
        """The same part, with an eye on it."""
        watched = self._parts[name] = _Watched(part)
        return watched

    def hexdigest(self) -> str:
        """Of all that came. An empty text is the same as none."""
        whole = hashlib.sha256()
        for name in sorted(self._parts):
            digest = self._parts[name].sha256.digest()
            if digest != _OF_NOTHING:
                whole.update(name.encode() + b"\0" + digest)
        return whole.hexdigest()


class _Watched:
    def __init__(self, part: Part) -> None:
        self.sha256 = hashlib.sha256()
        self._part = part

    def write(self, piece: memoryview) -> None:
        self.sha256.update(piece)
        self._part.write(piece)

    def close(self) -> None:
        self._part.close()
