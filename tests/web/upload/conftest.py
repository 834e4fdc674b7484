from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Where the upload goes; afterwards nothing of it may be left."""
    yield tmp_path / "uploads" / "one"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() or path.name == "one"]
