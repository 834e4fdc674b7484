"""The Procfile's programs, run in a process that was forked with all of their imports.

Started one by one they import the same modules each, which is most of what a start costs.
"""

from __future__ import annotations

import os
import runpy
import shlex
import sys
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path


def program_of(command: str) -> Callable[[], object]:
    """What a line of the Procfile does. Our Python's modules and scripts are imported here and now.

    Anything else replaces the forked process, without a shell in between, which would keep signals to itself.
    """
    program, *arguments = shlex.split(command)
    if program == "python" and arguments[:1] == ["-m"]:
        return _module(arguments[1], arguments[2:])
    scripts = entry_points(group="console_scripts", name=program)
    if scripts:
        return _script(program, next(iter(scripts)).load(), arguments)
    return partial(execute, [program, *arguments])


def execute(command: list[str]) -> None:
    """Becomes another program; our Python's own come first."""
    bin_dir = str(Path(sys.executable).parent)
    found = {**os.environ, "PATH": os.pathsep.join([bin_dir, os.environ.get("PATH", os.defpath)])}
    os.execvpe(command[0], command, found)  # noqa: S606 - the operator's own Procfile


def _module(name: str, arguments: Sequence[str]) -> Callable[[], object]:
    """As `python -m` runs it."""
    spec = find_spec(name)
    is_package = spec is not None and spec.submodule_search_locations is not None
    module = f"{name}.__main__" if is_package else name
    import_module(module)
    # What it imports stays; it is itself run anew, as another module.
    del sys.modules[module]

    def run() -> None:
        sys.argv = [name, *arguments]
        runpy.run_module(name, run_name="__main__", alter_sys=True)

    return run


def _script(name: str, entry: Callable[[], int | None], arguments: Sequence[str]) -> Callable[[], object]:
    """As the script in our Python's `bin` runs it."""

    def run() -> None:
        sys.argv = [name, *arguments]
        sys.exit(entry())

    return run
