"""What makes two bodies the same submission."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from tests.web.upload.bodies import BOUNDARY, PNG, WAV, closed, good, part, text
from tests.web.upload.receiving import Pieces, fingerprint_of

IMAGE, AUDIO, MOTION = part("image", PNG), part("audio", WAV), text("motion", "still")


def test_the_order_of_the_parts_doesn_t_count(folder: Path) -> None:
    orders = itertools.permutations([IMAGE, AUDIO, MOTION])

    assert len({fingerprint_of(closed(*parts), folder) for parts in orders}) == 1


def test_how_a_part_is_called_and_declared_doesn_t_count(folder: Path) -> None:
    other = closed(part("image", PNG, "Content-Type: image/gif", filename="you.gif"), AUDIO)

    assert fingerprint_of(other, folder) == fingerprint_of(good(), folder)


def test_the_boundary_doesn_t_count(folder: Path) -> None:
    other = good().replace(BOUNDARY.encode(), b"another")

    assert fingerprint_of(other, folder, "multipart/form-data; boundary=another") == fingerprint_of(
        good(), folder
    )


def test_how_the_body_is_cut_into_pieces_doesn_t_count(folder: Path) -> None:
    dripping = Pieces(iter([bytes([byte]) for byte in good()]))

    assert fingerprint_of(dripping, folder) == fingerprint_of(good(), folder)


def test_an_empty_text_is_none(folder: Path) -> None:
    body = closed(IMAGE, AUDIO, text("webhookUrl", ""), text("motion", ""))

    assert fingerprint_of(body, folder) == fingerprint_of(good(), folder)


@pytest.mark.parametrize(
    "parts",
    [
        (part("image", PNG + b"\0"), AUDIO),
        (IMAGE, part("audio", WAV[:-1])),
        (IMAGE, AUDIO, MOTION),
        (IMAGE, AUDIO, text("webhookUrl", "https://example.com/")),
    ],
    ids=["image", "audio", "motion", "webhookUrl"],
)
def test_what_a_part_holds_counts(folder: Path, parts: tuple[bytes, ...]) -> None:
    assert fingerprint_of(closed(*parts), folder) != fingerprint_of(good(), folder)
