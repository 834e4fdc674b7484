"""The flags of `talkreel make` for a job's options: one for each that is declared in `app.domain.options`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

from app.domain.options import Option, options

F = TypeVar("F", bound=Callable[..., Any])


class FiniteRange(click.FloatRange):
    """A number within bounds; `nan` is none, though no comparison finds it outside."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


def render_options(command: F) -> F:
    """Gives a command a flag for each option; it is called with their values by their fields' names."""
    for each in reversed(options()):
        command = _flag(each)(command)
    return command


def _flag(option: Option) -> Callable[[F], F]:
    words = option.description.replace("`", "")
    if option.words:
        kind: click.ParamType[Any] = click.Choice(option.words)
    else:
        kind = FiniteRange(option.minimum, option.maximum)
    return click.option(
        f"--{option.field.replace('_', '-')}",
        option.field,
        type=kind,
        default=None if option.default is None else str(option.default),
        show_default=option.default is not None,
        metavar=option.shown.unit or None,
        help=words,
    )
