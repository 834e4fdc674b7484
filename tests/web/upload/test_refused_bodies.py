"""What receive() refuses, with which error and how early; a refusal leaves nothing on the disk."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path

import pytest

from app.errors import (
    ApiError,
    BodyTooLarge,
    DiskFull,
    FileTooLarge,
    InvalidParameter,
    InvalidWebhookUrl,
    MalformedBody,
    MissingPart,
    NotMultipart,
    RepeatedPart,
    UnknownPart,
    UnsupportedMediaType,
)
from app.web.upload.form import MAX_OVERHEAD_BYTES, receive
from app.web.upload.multipart import MAX_PARTS
from tests.web.upload.bodies import BOUNDARY, CONTENT_TYPE, PDF, PNG, WAV, closed, good, part, text
from tests.web.upload.receiving import MAX_FILE_BYTES, NeverRead, Pieces, check_webhook_url, received, refusal


@pytest.mark.parametrize(
    "content_type", [None, "", "application/json", "multipart/mixed; boundary=x", "text/plain"]
)
def test_what_is_not_multipart_is_refused_unread(folder: Path, content_type: str | None) -> None:
    assert isinstance(refusal(NeverRead(), folder, content_type=content_type), NotMultipart)


@pytest.mark.parametrize("boundary", ["", "; boundary=", '; boundary=""', "; boundary=" + "x" * 300])
def test_a_body_without_a_usable_boundary_is_refused_unread(folder: Path, boundary: str) -> None:
    assert isinstance(
        refusal(NeverRead(), folder, content_type="multipart/form-data" + boundary), MalformedBody
    )


def test_a_declared_length_beyond_two_files_is_refused_unread(folder: Path) -> None:
    too_long = 2 * MAX_FILE_BYTES + MAX_OVERHEAD_BYTES + 1
    assert isinstance(refusal(NeverRead(), folder, content_length=too_long), BodyTooLarge)


@pytest.mark.fault(21)
def test_every_cut_body_is_refused(folder: Path) -> None:
    body = closed(part("image", PNG), part("audio", WAV[:200]))
    for length in range(len(body) - 3):
        assert isinstance(refusal(body[:length], folder), MalformedBody)


def test_the_epilogue_does_not_count_but_is_bounded(folder: Path) -> None:
    received(good() + b"epilogue", folder)
    flood = good() + bytes(2 * MAX_FILE_BYTES + MAX_OVERHEAD_BYTES)
    assert isinstance(refusal(flood, folder), BodyTooLarge)


def test_a_file_of_exactly_the_limit_is_taken(folder: Path) -> None:
    image = PNG + bytes(MAX_FILE_BYTES - len(PNG))
    assert received(closed(part("image", image), part("audio", WAV)), folder)[1] == image


def test_the_first_byte_too_many_ends_the_upload(folder: Path) -> None:
    beginning = part("image", PNG + bytes(MAX_FILE_BYTES - len(PNG)))[:-2]
    stream = Pieces(iter([beginning, bytes(100), good()]))
    error = refusal(stream, folder)
    assert isinstance(error, FileTooLarge)
    assert error.extras == {"part": "image", "maxFileBytes": MAX_FILE_BYTES}
    assert stream.read_bytes == len(beginning) + 100


def test_the_wrong_type_ends_the_upload_with_its_first_bytes(folder: Path) -> None:
    stream = Pieces(iter([part("audio", PDF)[:5000], good()]))
    error = refusal(stream, folder)
    assert isinstance(error, UnsupportedMediaType)
    assert error.extras == {"part": "audio"}
    assert stream.read_bytes == 5000


@pytest.mark.parametrize(
    ("image", "audio"),
    [(PDF[:20], WAV), (WAV, PNG), (PNG, b"ffconcat version 1.0\n")],
)
def test_a_foreign_file_is_of_no_supported_type(folder: Path, image: bytes, audio: bytes) -> None:
    error = refusal(closed(part("image", image), part("audio", audio)), folder)
    assert isinstance(error, UnsupportedMediaType)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("img", "image"),
        ("IMAGES", "image"),
        ("sound_audio", "audio"),
        ("webhook_url", "webhookUrl"),
    ],
)
def test_an_unknown_part_is_named_beside_the_nearest_known(folder: Path, name: str, nearest: str) -> None:
    error = refusal(closed(part("image", PNG), part("audio", WAV), part(name, b"x")), folder)
    assert isinstance(error, UnknownPart)
    assert error.extras == {"part": name}
    assert f"'{name}'" in error.sentence
    assert f"'{nearest}'" in error.sentence


def test_an_unknown_part_that_is_like_none_is_named_beside_all_that_are_known(folder: Path) -> None:
    error = refusal(closed(part("image", PNG), part("audio", WAV), part("text", b"x")), folder)
    assert error.sentence.startswith("Unknown part 'text'. Known here: image, audio, ")
    assert "Did you mean" not in error.sentence


@pytest.mark.fault(21)
@pytest.mark.parametrize("name", ["image", "audio", "motion"])
def test_a_repeated_part_is_refused(folder: Path, name: str) -> None:
    again = {"image": part("image", PNG), "audio": part("audio", WAV), "motion": text("motion", "auto") * 2}
    error = refusal(closed(part("image", PNG), part("audio", WAV), again[name]), folder)
    assert isinstance(error, RepeatedPart)
    assert error.extras == {"part": name}


def test_a_wrong_type_comes_before_an_unknown_part_and_a_cut_body_too(folder: Path) -> None:
    unknown = part("img", PNG)
    assert isinstance(refusal(closed(unknown, part("image", PDF)), folder), UnsupportedMediaType)
    assert isinstance(refusal(unknown + part("image", PNG), folder), MalformedBody)


@pytest.mark.parametrize("name", ["image", "audio"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    parts = {"image": part("image", PNG), "audio": part("audio", WAV)}
    del parts[name]
    error = refusal(closed(*parts.values(), text("motion", "nonsense")), folder)
    assert isinstance(error, MissingPart)
    assert error.extras == {"part": name}


def test_a_body_without_any_part_misses_the_image(folder: Path) -> None:
    assert isinstance(refusal(closed(), folder), MissingPart)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        (text("webhookUrl", "http://a/"), InvalidWebhookUrl),
        (text("motion", "dancing"), InvalidParameter),
        (text("motion", "x" * 5000), InvalidParameter),
        (text("webhookUrl", "https://" + "x" * 5000), InvalidParameter),
        (part("webhookUrl", b"https://\xff/"), InvalidParameter),
    ],
)
def test_a_bad_text_is_refused(folder: Path, bad: bytes, error: type[ApiError]) -> None:
    assert isinstance(refusal(closed(part("image", PNG), part("audio", WAV), bad), folder), error)


@pytest.mark.fault(21)
@pytest.mark.parametrize(
    "body",
    [
        b"preamble\r\n" + good(),
        good().replace(b"\r\n", b"\n"),
        closed(*[text("motion", "auto")] * (MAX_PARTS + 1)),
        closed(part("image", PNG, *[f"X-{number}: 1" for number in range(20)])),
        closed(part("image", PNG, "X-Long: " + "x" * 8192)),
        closed(part("image", PNG, "Content-Transfer-Encoding: base64")),
        closed(part("", PNG)),
        closed(part("image", PNG).replace(b"form-data", b"attachment")),
        closed(part("image", PNG).replace(b"Content-Disposition", b"Content-Position")),
        closed(part("image", PNG, "no colon")),
        b"",
        bytes(10_000),
        b"\r\n" * 10_000,
    ],
)
def test_a_malformed_body_is_refused_in_a_sentence(folder: Path, body: bytes) -> None:
    error = refusal(body, folder)
    assert isinstance(error, MalformedBody)
    assert error.sentence.endswith(".")


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_part_that_ends_with_its_headers_does_not_swallow_the_next(folder: Path, size: int) -> None:
    empty = part("motion", b"", filename=None).removesuffix(b"\r\n")
    body = closed(empty, part("image", PNG), part("audio", WAV))
    pieces = Pieces(iter([body[at : at + size] for at in range(0, len(body), size)]))

    error = refusal(pieces, folder)

    assert isinstance(error, MalformedBody)
    assert "neither content" in error.sentence


def test_a_content_that_only_begins_like_a_boundary_is_taken(folder: Path) -> None:
    almost = text("motion", f"--{BOUNDARY[:-1]}")
    error = refusal(closed(part("image", PNG), part("audio", WAV), almost), folder)
    assert isinstance(error, InvalidParameter)


def test_an_encoding_that_changes_nothing_is_taken(folder: Path) -> None:
    received(closed(part("image", PNG, "content-transfer-encoding: Binary"), part("audio", WAV)), folder)


@pytest.mark.fault(21)
def test_a_flood_of_tiny_parts_ends_early(folder: Path) -> None:
    flood = (text("motion", "") * 1000 for _ in range(1000))
    stream = Pieces(flood)
    assert isinstance(refusal(stream, folder), MalformedBody)
    assert stream.read_bytes < 200_000


def test_a_disk_without_room_for_the_body_is_full_before_it_is_read(folder: Path, tmp_path: Path) -> None:
    free_bytes = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    with (
        pytest.raises(DiskFull),
        receive(NeverRead(), CONTENT_TYPE, free_bytes * 2, folder, free_bytes * 2, check_webhook_url),
    ):
        pass


def test_a_disk_that_fills_while_the_caller_stores_is_full_too(folder: Path) -> None:
    with (
        pytest.raises(DiskFull),
        receive(io.BytesIO(good()), CONTENT_TYPE, None, folder, MAX_FILE_BYTES, check_webhook_url),
    ):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
