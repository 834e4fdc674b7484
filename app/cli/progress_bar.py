"""How far a video is: a bar on a terminal, else lines, or nothing. All on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

#: Given the phase's word, the percent done, and the seconds left if that can be told.
Show = Callable[[str, int, int | None], None]

LINE_PERCENT = 10


@contextmanager
def display(*, quiet: bool) -> Iterator[Show]:
    """What fits the place."""
    if quiet:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar() as show:
            yield show
    else:
        yield _Lines().show


def _nothing(_phase: str, _percent: int, _eta_seconds: int | None) -> None:
    pass


@contextmanager
def _bar() -> Iterator[Show]:
    """It is gone when all is done."""
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("{task.fields[left]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=100, left="")

        def show(phase: str, percent: int, eta_seconds: int | None) -> None:
            progress.update(task, description=phase, completed=percent, left=_left(eta_seconds))

        yield show


class _Lines:
    """A line for each phase, and for every tenth of the whole."""

    def __init__(self) -> None:
        self._shown = ("", 0)

    def show(self, phase: str, percent: int, eta_seconds: int | None) -> None:
        step = (phase, percent // LINE_PERCENT)
        if step != self._shown:
            click.echo(f"{phase:<9} {percent:3} %  {_left(eta_seconds)}".rstrip(), err=True)
        self._shown = step


def _left(eta_seconds: int | None) -> str:
    if eta_seconds is None:
        return ""
    minutes, seconds = divmod(eta_seconds, 60)
    return f"{minutes}:{seconds:02} left"
