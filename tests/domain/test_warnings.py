"""Warnings: every kind is declared once, and the documents say what it means."""

from __future__ import annotations

import re

from app.domain.warnings import SMALL_FACE, WARNINGS, Notice, as_table
from tests.support.paths import ROOT


def test_the_document_s_table_is_made_of_the_declarations() -> None:
    assert as_table() in (ROOT / "docs" / "api.md").read_text()


def test_codes_are_words_for_programs_and_sentences_are_for_people() -> None:
    for kind in WARNINGS:
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code)
        assert kind.sentence[0].isupper() or kind.sentence.startswith("{")
        assert kind.sentence.endswith(".")


def test_the_facts_stand_in_the_sentence() -> None:
    sentence = "The face is only 41 pixels wide; a closer picture would look better."

    assert SMALL_FACE.notice(width_px=41.3) == Notice("small_face", sentence)
