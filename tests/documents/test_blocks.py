"""Every block of code that people read belongs to a test, and every link leads somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.documents.pages import DOCUMENTS, ROOT, blocks_of, text_of


def test_every_block_of_code_has_a_test() -> None:
    marked = {mark for path in ROOT.glob("tests/**/test_*.py") for mark in marks_of(path)}

    assert marked == {(block.document, block.heading) for name in DOCUMENTS for block in blocks_of(name)}


def marks_of(path: Path) -> Iterator[tuple[str, str]]:
    """The document and the heading of each `block` that a test bears."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            for decorator in node.decorator_list:
                if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.block":
                    document, heading = (ast.literal_eval(word) for word in decorator.args)
                    yield document, heading


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_it_shows_or_links_to_is_there(document: str) -> None:
    folder = (ROOT / document).parent
    links = re.findall(r"\]\((?!https?:)([^)]*)\)", text_of(document))

    assert [link for link in links if not leads_somewhere(folder, link, ROOT / document)] == []


def leads_somewhere(folder: Path, link: str, document: Path) -> bool:
    name, _, anchor = link.partition("#")
    path = folder / name if name else document
    return path.exists() and (not anchor or anchor in anchors_of(path.read_text()))


def anchors_of(text: str) -> set[str]:
    """What GitHub calls the headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_file_of_the_code_that_it_names_is_there(document: str) -> None:
    named = re.findall(r"`((?:app|worker|tests|docs|bench|deploy)/[\w/.-]+)`", text_of(document))

    assert [path for path in named if not (ROOT / path).exists()] == []
