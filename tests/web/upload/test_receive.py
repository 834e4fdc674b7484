"""What receive() takes, and that nothing of it stays on the disk."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.states import Motion
from app.errors import (
    UnsupportedMediaType,
)
from app.media.media_types import MediaType
from app.web.upload.form import receive
from tests.web.upload.bodies import BOUNDARY, CONTENT_TYPE, PDF, PNG, WAV, closed, good, part, text
from tests.web.upload.receiving import MAX_FILE_BYTES, Pieces, check_webhook_url, received, refusal


def test_two_files_arrive_as_they_were_sent(folder: Path) -> None:
    submission, image, audio = received(good(), folder)
    assert (image, audio) == (PNG, WAV)
    assert submission.files["image"].media_type is MediaType.PNG
    assert submission.files["audio"].media_type is MediaType.WAV
    assert (submission.files["image"].size_bytes, submission.files["audio"].size_bytes) == (
        len(PNG),
        len(WAV),
    )
    assert (submission.options.motion, submission.webhook_url) == (Motion.AUTO, None)


def test_the_texts_are_read(folder: Path) -> None:
    body = closed(
        text("motion", "still"), part("audio", WAV), text("webhookUrl", "https://a/b"), part("image", PNG)
    )
    submission, _, _ = received(body, folder)
    assert (submission.options.motion, submission.webhook_url) == (Motion.STILL, "https://a/b")


def test_a_text_may_be_sent_as_a_file_and_a_file_without_a_name(folder: Path) -> None:
    body = closed(part("image", PNG, filename=None), part("audio", WAV), part("motion", b"still"))
    assert received(body, folder)[0].options.motion is Motion.STILL


def test_empty_texts_count_as_not_given(folder: Path) -> None:
    body = closed(part("image", PNG), part("audio", WAV), text("webhookUrl", ""), text("motion", ""))
    submission, _, _ = received(body, folder)
    assert (submission.options.motion, submission.webhook_url) == (Motion.AUTO, None)


@pytest.mark.parametrize("name", ["../../evil.sh", "/etc/passwd", "a\x00b", "C:\\evil.exe", "image", ""])
def test_the_clients_file_name_never_touches_the_disk(folder: Path, name: str) -> None:
    body = closed(part("image", PNG, filename=name), part("audio", WAV, filename=name))
    submission, _, _ = received(body, folder)
    assert {submission.files["image"].path, submission.files["audio"].path} == {
        folder / "image",
        folder / "audio",
    }


def test_the_declared_type_of_a_part_is_not_believed(folder: Path) -> None:
    good_body = closed(part("image", PNG, "Content-Type: application/pdf"), part("audio", WAV))
    assert received(good_body, folder)[0].files["image"].media_type is MediaType.PNG
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
    assert (image, audio, submission.options.motion) == (content, WAV[:400], Motion.STILL)


def test_a_body_may_arrive_byte_by_byte(folder: Path) -> None:
    body = closed(part("image", PNG), part("audio", WAV))
    _, image, audio = received(Pieces(iter([bytes([byte]) for byte in body])), folder)
    assert (image, audio) == (PNG, WAV)
