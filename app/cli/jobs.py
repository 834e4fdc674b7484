"""`talkreel jobs`: one's jobs at a service: list, delete, restore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from app.cli.exit_codes import endings
from app.cli.make import client_of
from app.cli.output import print_json
from app.client.talkreel import DEFAULT_URL, KEY_VARIABLE, URL_VARIABLE
from app.domain.states import JobStatus

Command = TypeVar("Command", bound=Callable[..., Any])


def _at_a_service(command: Command) -> Command:
    """Adds the options that say which service, and with which key."""
    url = click.option("--url", help=f"The service's address.  [default: ${URL_VARIABLE}, or {DEFAULT_URL}]")
    key = click.option(
        "--key", help=f"An API key; others can see it in a list of processes.  [default: ${KEY_VARIABLE}]"
    )
    return url(key(command))


@click.group()
def jobs() -> None:
    """List your jobs at a service, delete and restore them. Each is printed as a JSON object on a line."""


@jobs.command("list")
@click.option(
    "--status", type=click.Choice([each.value for each in JobStatus]), help="Only those in this state."
)
@click.option("--deleted", is_flag=True, help="Those instead that are deleted and can be restored.")
@_at_a_service
def list_jobs(status: str | None, deleted: bool, url: str | None, key: str | None) -> None:
    """Print your jobs, newest first."""
    with endings(as_json=False), client_of(url, key) as client:
        for job in client.jobs(status, deleted=deleted):
            print_json(job.model_dump(by_alias=True, exclude_unset=True))


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--permanent", is_flag=True, help="For good, also if it was deleted before.")
@_at_a_service
def delete(job_id: str, permanent: bool, url: str | None, key: str | None) -> None:
    """Delete a job that has ended; cancel one that is pending. Until restorableUntil it can be restored."""
    with endings(as_json=False), client_of(url, key) as client:
        done = client.delete(job_id, permanent=permanent)
    print_json(done.model_dump(by_alias=True) if done else {"jobId": job_id, "status": JobStatus.CANCELLED})


@jobs.command()
@click.argument("job_id", metavar="ID")
@_at_a_service
def restore(job_id: str, url: str | None, key: str | None) -> None:
    """Bring a deleted job back, with its links, and print its status."""
    with endings(as_json=False), client_of(url, key) as client:
        client.restore(job_id)
        print_json(client.status(job_id).model_dump(by_alias=True))
