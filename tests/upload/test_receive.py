"""What receive() takes and what it refuses; a refusal leaves nothing on the disk."""

from __future__ import annotations

import errno
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

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
from app.media import MediaType
from app.states import Motion
from app.web.multipart import MAX_PARTS
from app.web.uploads import MAX_OVERHEAD_BYTES, ByteStream, Submission, receive
from tests.upload.bodies import BOUNDARY, CONTENT_TYPE, PDF, PNG, WAV, closed, good, part, text

MAX_FILE_BYTES = 100_000


class Pieces:
    """A stream that brings its content in the given pieces."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self.read_bytes = 0

    def read(self, size: int, /) -> bytes:
        piece = next(self._pieces, b"")
        self.read_bytes += len(piece)
        return piece


class NeverRead:
    def read(self, size: int, /) -> bytes:
        raise AssertionError("the body was read")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the upload goes; afterwards nothing of it may be left."""
    yield tmp_path / "uploads" / "one"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.name == "one"]


def check_webhook_url(url: str) -> str:
    if not url.startswith("https://"):
        raise InvalidWebhookUrl
    return url


def received(
    body: bytes | ByteStream,
    folder: Path,
    *,
    content_type: str | None = CONTENT_TYPE,
    content_length: int | None = None,
) -> tuple[Submission, bytes, bytes]:
    """The submission and its two files' content."""
    stream = io.BytesIO(body) if isinstance(body, bytes) else body
    with receive(stream, content_type, content_length, folder, MAX_FILE_BYTES, check_webhook_url) as it:
        return it, it.image.path.read_bytes(), it.audio.path.read_bytes()


def refusal(body: bytes | ByteStream, folder: Path, **others: str | int | None) -> ApiError:
    with pytest.raises(ApiError) as caught:
        received(body, folder, **others)  # type: ignore[arg-type]
    return caught.value


def test_two_files_arrive_as_they_were_sent(folder: Path) -> None:
    submission, image, audio = received(good(), folder)
    assert (image, audio) == (PNG, WAV)
    assert submission.image.media_type is MediaType.PNG
    assert submission.audio.media_type is MediaType.WAV
    assert (submission.image.size_bytes, submission.audio.size_bytes) == (len(PNG), len(WAV))
    assert (submission.motion, submission.webhook_url) == (Motion.AUTO, None)


def test_the_texts_are_read(folder: Path) -> None:
    body = closed(
        text("motion", "still"), part("audio", WAV), text("webhookUrl", "https://a/b"), part("image", PNG)
    )
    submission, _, _ = received(body, folder)
    assert (submission.motion, submission.webhook_url) == (Motion.STILL, "https://a/b")


def test_a_text_may_be_sent_as_a_file_and_a_file_without_a_name(folder: Path) -> None:
    body = closed(part("image", PNG, filename=None), part("audio", WAV), part("motion", b"still"))
    assert received(body, folder)[0].motion is Motion.STILL


def test_empty_texts_count_as_not_given(folder: Path) -> None:
    body = closed(part("image", PNG), part("audio", WAV), text("webhookUrl", ""), text("motion", ""))
    submission, _, _ = received(body, folder)
    assert (submission.motion, submission.webhook_url) == (Motion.AUTO, None)


@pytest.mark.parametrize("name", ["../../evil.sh", "/etc/passwd", "a\x00b", "C:\\evil.exe", "image", ""])
def test_the_clients_file_name_never_touches_the_disk(folder: Path, name: str) -> None:
    body = closed(part("image", PNG, filename=name), part("audio", WAV, filename=name))
    submission, _, _ = received(body, folder)
    assert {submission.image.path, submission.audio.path} == {folder / "image", folder / "audio"}


def test_the_declared_type_of_a_part_is_not_believed(folder: Path) -> None:
    good_body = closed(part("image", PNG, "Content-Type: application/pdf"), part("audio", WAV))
    assert received(good_body, folder)[0].image.media_type is MediaType.PNG
    bad_body = closed(part("image", PDF, "Content-Type: image/png"), part("audio", WAV))
    assert isinstance(refusal(bad_body, folder), UnsupportedMediaType)


def test_the_folder_is_gone_when_the_caller_fails(folder: Path) -> None:
    with (
        pytest.raises(KeyboardInterrupt),
        receive(io.BytesIO(good()), CONTENT_TYPE, None, folder, MAX_FILE_BYTES, check_webhook_url),
    ):
        raise KeyboardInterrupt


def test_somebody_elses_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("here")
    with pytest.raises(FileExistsError):
        received(good(), tmp_path)
    assert (tmp_path / "theirs").read_text() == "here"


@given(st.data())
def test_it_does_not_matter_how_the_body_is_cut_into_pieces(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = PNG + f"\r\n--{BOUNDARY[:-1]}\r\n--\r\n\r--{BOUNDARY}".encode() * 3
    body = closed(part("image", content), text("motion", "still"), part("audio", WAV[:400]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=40)))
    pieces = (body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True) if a < b)
    submission, image, audio = received(Pieces(pieces), tmp_path_factory.mktemp("cut") / "one")
    assert (image, audio, submission.motion) == (content, WAV[:400], Motion.STILL)


def test_a_body_may_arrive_byte_by_byte(folder: Path) -> None:
    body = closed(part("image", PNG), part("audio", WAV))
    _, image, audio = received(Pieces(iter([bytes([byte]) for byte in body])), folder)
    assert (image, audio) == (PNG, WAV)


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
    [(b"", WAV), (PNG, b""), (PDF[:20], WAV), (WAV, PNG), (PNG, b"ffconcat version 1.0\n")],
)
def test_an_empty_or_foreign_file_is_of_no_supported_type(folder: Path, image: bytes, audio: bytes) -> None:
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


def test_an_encoding_that_changes_nothing_is_taken(folder: Path) -> None:
    received(closed(part("image", PNG, "content-transfer-encoding: Binary"), part("audio", WAV)), folder)


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
