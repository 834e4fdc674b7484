"""docs/errors.md is what its command makes of a service."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.documents.pages import ROOT, commands, run, text_of
from tests.support.service import Service


@pytest.mark.block("docs/errors.md", "Errors")
def test_the_page_is_made_from_the_openapi_document(service: Service, tmp_path: Path) -> None:
    (command,) = commands("docs/errors.md", "Errors")
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    run(f"{command} made.md", URL=service.address, folder=tmp_path)

    assert (tmp_path / "made.md").read_text() == text_of("docs/errors.md")
