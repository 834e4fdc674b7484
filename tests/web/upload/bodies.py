"""Multipart bodies, well formed and not."""

from __future__ import annotations

import io

from PIL import Image

BOUNDARY = "x-talkreel-boundary"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), "teal").save(file, "PNG")
    return file.getvalue()


PNG = _picture()
WAV = b"RIFF\x24\x10\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x80\x3e\0\0\x02\0\x10\0data" + bytes(4104)
PDF = b"%PDF-1.7\n" + b"%\n" * 4000


def part(name: str, content: bytes, *headers: str, filename: str | None = "a.bin") -> bytes:
    """One part with its opening boundary."""
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename is not None else "")
    head = "\r\n".join([f"--{BOUNDARY}", f"Content-Disposition: {disposition}", *headers, "", ""])
    return head.encode() + content + b"\r\n"


def text(name: str, content: str) -> bytes:
    return part(name, content.encode(), filename=None)


def closed(*parts: bytes) -> bytes:
    """A whole body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def good() -> bytes:
    """The smallest acceptable body."""
    return closed(part("image", PNG), part("audio", WAV))
