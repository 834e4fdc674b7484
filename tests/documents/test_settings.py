"""docs/settings.md is what its command makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config.settings import Settings
from tests.documents.pages import ROOT, commands, run, text_of


@pytest.mark.block("docs/settings.md", "Settings")
@pytest.mark.block("CONTRIBUTING.md", "How to add a setting")
def test_the_page_is_made_from_the_declaration(tmp_path: Path) -> None:
    (command,) = commands("docs/settings.md", "Settings")
    assert commands("CONTRIBUTING.md", "How to add a setting") == [command]
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    run(f"{command} made.md", folder=tmp_path)

    assert (tmp_path / "made.md").read_text() == text_of("docs/settings.md")


def test_every_setting_says_what_it_is() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
