"""The talkreel command. Each group of commands has a file of its own."""

from __future__ import annotations

import click

from app import service
from app.cli.doctor import doctor
from app.cli.jobs import jobs
from app.cli.keys import keys
from app.cli.make import make
from app.cli.mcp import mcp
from app.service import CannotStart
from app.settings import Settings, SettingsError

#: The commands that use a service, of whose settings they know nothing.
CLIENTS = frozenset({"jobs", "make", "mcp"})


@click.group()
@click.pass_context
def main(context: click.Context) -> None:
    """Talkreel: a portrait and a voice in, a talking video out."""
    if context.invoked_subcommand in CLIENTS:
        return
    try:
        context.obj = Settings.load()
    except SettingsError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.pass_obj
def up(settings: Settings) -> None:
    """Run the whole service until Ctrl-C."""
    try:
        service.run(settings)
    except CannotStart as error:
        raise click.ClickException(str(error)) from None


main.add_command(doctor)
main.add_command(jobs)
main.add_command(keys)
main.add_command(make)
main.add_command(mcp)
