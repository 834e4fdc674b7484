"""`talkreel mcp`: a service for assistants, by the Model Context Protocol."""

from __future__ import annotations

import re

import click

from app.client import Talkreel, TalkreelError
from app.core.plugins import part


class AddressType(click.ParamType[tuple[str, int]]):
    """`127.0.0.1:8765`, or `[::1]:8765`."""

    name = "host:port"

    def convert(
        self, value: str | tuple[str, int], param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, int]:
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"(\[[0-9a-f:.]+\]|[^\s:/]+):([0-9]{1,5})", value)
        if not found or not 1 <= int(found[2]) <= 65_535:
            self.fail(f"{value!r} is not an address such as 127.0.0.1:8765.", param, ctx)
        return found[1], int(found[2])


@click.command()
@click.option(
    "--http",
    "address",
    type=AddressType(),
    help="Serve streamable HTTP at http://HOST:PORT/mcp. Whoever reaches that uses your key.",
)
def mcp(address: tuple[str, int] | None) -> None:
    """Let an assistant make videos by the service at $TALKREEL_URL with $TALKREEL_API_KEY.

    It speaks the Model Context Protocol on standard input and output. Over HTTP it takes the files themselves
    instead of their paths.
    """
    try:
        client = Talkreel()
    except TalkreelError as error:
        raise click.UsageError(error.sentence) from None
    with client:
        part("mcp")(client, address)
