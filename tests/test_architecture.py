"""The manner, held: which packages know a library, and how long a function and a file may be.

Which package may import which is held by import-linter (`[tool.importlinter]` in pyproject.toml).
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.paths import ROOT

TREES = {
    path.relative_to(ROOT).with_suffix(""): ast.parse(path.read_text())
    for top in ("app", "worker")
    for path in sorted((ROOT / top).rglob("*.py"))
}
MAX_FILE_LINES = 250
MAX_FUNCTION_LINES = 40
MAX_BROAD_EXCEPTS = 4

#: Of a library, the packages and files that may know it. All of them do.
KNOWN_BY = {
    "flask": {"app/web"},
    "flask_limiter": {"app/web/limits"},
    "redis": {
        "app/operations",
        "app/queue",
        "app/launcher/embedded_valkey",
        "app/web",
    },
    "rq": {"app/queue", "worker/__main__"},
    "mcp": {"app/mcp/server"},
    "prometheus_client": {
        "app/metrics",
        "app/operations/exporter",
        "app/web",
        "worker/sweeper/metrics_server",
    },
    "rich": {"app/cli"},
    "click": {"app/cli"},
    "obstore": {"app/storage"},
    "PIL": {"worker/picture"},
    "pillow_heif": {"worker/picture/heif"},
    "subprocess": {
        "app/operations/doctor",
        "worker/engines/talking/chunk",
        "worker/engines/talking/face/download",
        "worker/sandbox/runner",
    },
}


def packages_of(tree: ast.AST) -> set[str]:
    names = [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def functions_of(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines_of(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def is_broad(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or ast.unparse(handler.type) in ("Exception", "BaseException")


def test_packages_import_in_one_direction() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("library", sorted(KNOWN_BY))
def test_a_library_is_known_to_its_packages_alone(library: str) -> None:
    rooms = KNOWN_BY[library]
    found = {path for path, tree in TREES.items() if library in packages_of(tree)}
    used = {room for room in rooms for path in found if path.is_relative_to(room)}

    assert [str(path) for path in found if not any(path.is_relative_to(room) for room in rooms)] == []
    assert used == rooms


def test_nothing_is_imported_inside_a_function() -> None:
    assert [
        f"{path}:{inner.lineno}"
        for path, tree in TREES.items()
        for function in functions_of(tree)
        for inner in ast.walk(function)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ] == []


def test_files_stay_within_their_length() -> None:
    lengths = {str(path): len((ROOT / path).with_suffix(".py").read_text().splitlines()) for path in TREES}

    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_functions_stay_within_their_length() -> None:
    assert [
        f"{path}: {function.name}"
        for path, tree in TREES.items()
        for function in functions_of(tree)
        if lines_of(function) > MAX_FUNCTION_LINES
    ] == []


def test_hardly_anything_is_caught_unseen() -> None:
    broad = [
        f"{path}:{node.lineno}"
        for path, tree in TREES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and is_broad(node)
    ]

    assert len(broad) <= MAX_BROAD_EXCEPTS, broad


def test_a_package_says_what_it_is_about() -> None:
    packages = {path for path in TREES if path.name == "__init__"}
    wordless = [str(path) for path in packages if not ast.get_docstring(TREES[path])]
    unsaid = [str(path.parent) for path in TREES if path.parent / "__init__" not in packages]

    assert wordless == []
    assert set(unsaid) <= {"app/database/migrations/versions"}
