"""What the command loads only when asked for it: too heavy for all else, or not the app's to import.

Each part is an entry point of this group in pyproject.toml.
"""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

GROUP = "talkreel.parts"


def part(name: str) -> Any:
    """What the entry point names."""
    (found,) = entry_points(group=GROUP, name=name)
    return found.load()
