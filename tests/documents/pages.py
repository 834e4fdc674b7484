"""What people read about the project, cut into its sections and its blocks of code."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
#: Each of these, by its path: every block of code in it belongs to a test.
DOCUMENTS = ("README.md", "CONTRIBUTING.md", *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")))


class Block(NamedTuple):
    """A fenced block of code, and the nearest heading above it."""

    document: str
    heading: str
    language: str
    code: str

    @property
    def commands(self) -> list[str]:
        """The lines of a shell's, without their comments."""
        lines = (re.sub(r"(^| +)#( .*)?$", "", line) for line in self.code.splitlines())
        return [line for line in lines if line]


def text_of(document: str) -> str:
    return (ROOT / document).read_text()


def blocks_of(document: str) -> Iterator[Block]:
    """Those in a language; what has none is a drawing."""
    heading = ""
    fences = r"^#+ (?P<heading>[^\n]+)$|^(?P<indent> *)```(?P<language>\w*)\n(?P<code>.*?)^(?P=indent)```$"
    for found in re.finditer(fences, text_of(document), re.MULTILINE | re.DOTALL):
        if found["heading"]:
            heading = found["heading"]
        elif found["language"]:
            yield Block(document, heading, found["language"], found["code"])


def blocks(document: str, heading: str, language: str) -> list[Block]:
    """The blocks in a language under a heading; there must be one."""
    found = [each for each in blocks_of(document) if (each.heading, each.language) == (heading, language)]
    assert found, f"{document} has no {language} under {heading!r}"
    return found


def commands(document: str, heading: str) -> list[str]:
    """All lines of the shell under a heading."""
    return [line for block in blocks(document, heading, "sh") for line in block.commands]


def section(document: str, heading: str) -> str:
    """What stands under a heading, with what is below it."""
    _, level, after = re.split(
        rf"^(#+) {re.escape(heading)}\n", text_of(document), maxsplit=1, flags=re.MULTILINE
    )
    return re.split(rf"^#{{1,{len(level)}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def run(command: str, *, folder: Path, **environment: str) -> str:
    """What a line of a document prints, in a folder that has the examples."""
    if not (folder / "examples").exists():
        (folder / "examples").symlink_to(ROOT / "examples")
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(sys.prefix)
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )
    return done.stdout
