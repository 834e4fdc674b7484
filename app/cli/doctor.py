"""`talkreel doctor`: is everything there that the service needs, and if not, what to do."""

from __future__ import annotations

import sys

import click

from app.cli.output import print_json
from app.config.settings import Settings
from app.operations.doctor import Finding, State, examination

COLOURS = {State.OK: "green", State.WARNING: "yellow", State.FAILING: "red"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object a check.")
@click.pass_obj
def doctor(settings: Settings, as_json: bool) -> None:
    """Look at everything that the service needs, and say how to mend what isn't well.

    It exits with 1 if anything is failing. The service may be running, or not.
    """
    found = []
    for finding in examination(settings):
        found.append(finding)
        if as_json:
            print_json(vars(finding))
        else:
            _print(finding)
    if any(each.state is State.FAILING for each in found):
        sys.exit(1)


def _print(finding: Finding) -> None:
    state = click.style(f"{finding.state:8}", fg=COLOURS[finding.state])
    remedy = f". {finding.remedy}" if finding.remedy else ""
    click.echo(f"{state} {finding.part:12} {finding.words}{remedy}")
