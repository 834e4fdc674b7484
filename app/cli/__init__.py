"""The talkreel command. Each group of commands has a file of its own."""

from __future__ import annotations

from pathlib import Path

import click

from app.cli.doctor import doctor
from app.cli.jobs import jobs
from app.cli.keys import keys
from app.cli.make import make
from app.cli.mcp import mcp
from app.cli.setup import setup
from app.config import envfile
from app.config.envfile import EnvFileUnusable
from app.config.settings import Settings, SettingsError
from app.config.startup import service_settings
from app.launcher import service
from app.launcher.service import CannotStart

#: The commands that use a service, of whose settings they know nothing.
CLIENTS = frozenset({"jobs", "make", "mcp"})
#: The commands of those who run a service: they look for the settings of the one that is installed.
OPERATORS = frozenset({"keys", "doctor"})
#: The commands that say themselves what is wrong with a DATA_DIR, or need none.
WITHOUT_DATA = frozenset({"doctor", "setup"})


@click.group()
@click.option(
    "--env-file",
    type=click.Path(path_type=Path),
    envvar="TALKREEL_ENV_FILE",
    help=f"The service's settings.  [default: {envfile.PLACES[0]} if it is there, for keys and doctor]",
)
@click.pass_context
def main(context: click.Context, env_file: Path | None) -> None:
    """Talkreel: a portrait and a voice in, a talking video out."""
    command = context.invoked_subcommand or ""
    if command in CLIENTS:
        return
    try:
        _load_environment(env_file, is_operator=command in OPERATORS)
        context.obj = Settings.load() if command in WITHOUT_DATA else service_settings()
    except (SettingsError, EnvFileUnusable) as error:
        raise click.ClickException(str(error)) from None


def _load_environment(named: Path | None, *, is_operator: bool) -> None:
    found = named or (envfile.of_this_machine() if is_operator else None)
    if found:
        envfile.load(found)
    if found and not named:
        click.echo(f"Settings: {found}", err=True)


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
main.add_command(setup)
