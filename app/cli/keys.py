"""`talkreel keys`: an operator's hand on the API keys."""

from __future__ import annotations

import re

import click

from app.cli.output import print_json
from app.cli.stores import open_database
from app.config.settings import Settings
from app.errors.keys import KeyNotFound
from app.keys import api_keys
from app.keys.schemas import MAX_NAME_CHARACTERS, MAX_QUOTA_SECONDS, KeyBody, checked_name
from app.schemas.jobs import iso

NO_SUCH_KEY = "There is no active key with the id {key_id}."
_UNITS_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


class Duration(click.ParamType[int]):
    """`30m`, `24h`, `7d` and the like, in seconds."""

    name = "duration"

    def convert(self, value: str | int, param: click.Parameter | None, ctx: click.Context | None) -> int:
        found = re.fullmatch(r"([0-9]{1,4})([smhd])", str(value))
        if not found:
            self.fail(f"{value!r} is not a time such as 30m, 24h or 7d.", param, ctx)
        return int(found[1]) * _UNITS_SECONDS[found[2]]


class KeyName(click.ParamType[str]):
    """What a key may be called: the same as over HTTP."""

    name = "name"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return checked_name(value)
        except ValueError:
            self.fail(f"it must be 1 to {MAX_NAME_CHARACTERS} printable characters.", param, ctx)


@click.group()
def keys() -> None:
    """Create, list, promote and revoke API keys, and rotate their webhook secrets."""


@keys.command()
@click.argument("name", type=KeyName())
@click.option("--admin", "is_admin", is_flag=True, help="It may make, change and revoke keys over HTTP.")
@click.option(
    "--max-active-jobs",
    type=click.IntRange(1, api_keys.MAX_ACTIVE_JOBS),
    default=1,
    show_default=True,
    help="How many jobs it may have pending or at work at once.",
)
@click.option(
    "--monthly-quota",
    "monthly_quota_seconds",
    type=click.IntRange(1, MAX_QUOTA_SECONDS),
    metavar="SECONDS",
    help="Of finished video, in a month of UTC. Without it there is no end.",
)
@click.pass_obj
def create(
    settings: Settings, name: str, is_admin: bool, max_active_jobs: int, monthly_quota_seconds: int | None
) -> None:
    """Print a new key and its webhook secret as JSON. Neither is shown again."""
    with open_database(settings, may_make=True) as database:
        key = api_keys.mint(
            database,
            name,
            max_active_jobs=max_active_jobs,
            monthly_quota_seconds=monthly_quota_seconds,
            is_admin=is_admin,
        )
    print_json(
        {"id": key.id, "name": key.name, "apiKey": key.api_key, "webhookSecret": key.webhook_secret},
    )


@keys.command("list")
@click.pass_obj
def list_keys(settings: Settings) -> None:
    """Print one JSON object a key, oldest first."""
    with open_database(settings) as database:
        for key in api_keys.listing(database):
            print_json(KeyBody.of(key).model_dump(by_alias=True))


@keys.command()
@click.argument("key_id", metavar="ID")
@click.pass_obj
def revoke(settings: Settings, key_id: str) -> None:
    """Deactivate a key at once. Jobs that it has already submitted still end."""
    with open_database(settings) as database:
        if not api_keys.revoke(database, key_id):
            raise click.ClickException(NO_SUCH_KEY.format(key_id=key_id))
    print_json({"id": key_id, "revoked": True})


@keys.command()
@click.argument("key_id", metavar="ID")
@click.pass_obj
def promote(settings: Settings, key_id: str) -> None:
    """Make a key an admin's: it may make, change and revoke others, and see the operator's page."""
    with open_database(settings) as database:
        try:
            key = api_keys.change(database, key_id, {"is_admin": True})
        except KeyNotFound:
            raise click.ClickException(NO_SUCH_KEY.format(key_id=key_id)) from None
    print_json({"id": key.id, "name": key.name, "admin": key.is_admin})


@keys.command("rotate-secret")
@click.argument("key_id", metavar="ID")
@click.option(
    "--grace",
    "grace_seconds",
    type=Duration(),
    default="24h",
    show_default=True,
    help="Such as 30m, 24h, 7d.",
)
@click.pass_obj
def rotate_secret(settings: Settings, key_id: str, grace_seconds: int) -> None:
    """Print a new webhook secret as JSON. It is not shown again.

    The old secret signs too until the grace is over; give 0s if somebody else knows it.
    """
    with open_database(settings) as database:
        rotated = api_keys.rotate_secret(database, key_id, grace_seconds=grace_seconds)
    if rotated is None:
        raise click.ClickException(NO_SUCH_KEY.format(key_id=key_id))
    until = iso(rotated.previous_until_ms)
    print_json({"id": key_id, "webhookSecret": rotated.webhook_secret, "previousUntil": until})
