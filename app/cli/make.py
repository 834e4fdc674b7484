"""`talkreel make`: a portrait and a voice on this machine become a video on this machine."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from app import logs
from app.cli.exit_codes import EXIT_CODES, Interrupted, endings
from app.cli.keys import Duration
from app.cli.local_job import LocalJob, local_renderer
from app.cli.progress_bar import Show, display
from app.cli.render_options import render_options
from app.cli.summary import Summary
from app.client import Status, Talkreel, TalkreelError
from app.client.talkreel import DEFAULT_URL, KEY_VARIABLE, TIMEOUT_SECONDS, URL_VARIABLE
from app.config.settings import Settings, SettingsError
from app.domain.options import RenderOptions

READABLE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
WRITABLE = click.Path(dir_okay=False, writable=True, path_type=Path)


@click.command(epilog=EXIT_CODES)
@click.argument("portrait", type=READABLE)
@click.argument("voice", type=READABLE)
@click.option("-o", "--out", type=WRITABLE, default="video.mp4", show_default=True, help="The video's place.")
@render_options
@click.option("--url", help=f"The service's address.  [default: ${URL_VARIABLE}, or {DEFAULT_URL}]")
@click.option(
    "--key", help=f"An API key; others can see it in a list of processes.  [default: ${KEY_VARIABLE}]"
)
@click.option("--timeout", "timeout_seconds", type=Duration(), help="Such as 90s, 10m.  [default: none]")
@click.option("--local", is_flag=True, help="Make it in this process, without a service.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("-q", "--quiet", is_flag=True, help="Show no progress, and print nothing that isn't an error.")
def make(
    portrait: Path,
    voice: Path,
    out: Path,
    url: str | None,
    key: str | None,
    timeout_seconds: int | None,
    local: bool,
    as_json: bool,
    quiet: bool,
    **options: object,
) -> None:
    """Make a video in which PORTRAIT speaks with VOICE.

    PORTRAIT is a JPEG, PNG, WebP, HEIC or AVIF; VOICE an MP3, WAV, M4A, Ogg, WebM, AAC, FLAC or AIFF.
    """
    order = LocalJob(portrait, voice, out, RenderOptions.model_validate(options))
    _require_folder(out)
    with endings(as_json=as_json), _terminable():
        if local:
            film = _make_here(order, _settings(), quiet=quiet)
        else:
            film = _make_there(order, client_of(url, key, timeout_seconds), timeout_seconds, quiet=quiet)
    film.tell(as_json=as_json, quiet=quiet)


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is as good as Ctrl-C: what is begun is cleared away."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _require_folder(out: Path) -> None:
    if not out.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {out.parent}.", param_hint="'-o'")


def _settings() -> Settings:
    try:
        return Settings.load()
    except SettingsError as error:
        raise click.UsageError(str(error)) from None


def client_of(url: str | None, key: str | None, timeout_seconds: int | None = None) -> Talkreel:
    """The service that the options or the environment name. Raises UsageError."""
    try:
        return Talkreel(url, key, timeout_seconds=min(TIMEOUT_SECONDS, timeout_seconds or TIMEOUT_SECONDS))
    except TalkreelError as error:
        raise click.UsageError(error.sentence) from None


def _make_here(order: LocalJob, settings: Settings, *, quiet: bool) -> Summary:
    logs.configure(settings.log_format)
    with display(quiet=quiet) as show:
        made = local_renderer()(order, settings, show)
    return Summary.of_made(made, order.out)


def _make_there(order: LocalJob, client: Talkreel, timeout_seconds: int | None, *, quiet: bool) -> Summary:
    with client, display(quiet=quiet) as show:
        show("uploading", 0, None)
        job_id = client.submit(order.portrait, order.voice, **order.options.model_dump())
        status = _waited(client, job_id, timeout_seconds, show)
        client.download(status, order.out)
    return Summary.of_job(status, order.out)


def _waited(client: Talkreel, job_id: str, timeout_seconds: int | None, show: Show) -> Status:
    try:
        return client.wait(
            job_id, lambda status: show(status.phase, status.progress, status.eta_seconds), timeout_seconds
        )
    except KeyboardInterrupt:
        raise Interrupted(_withdrawn(client, job_id)) from None


def _withdrawn(client: Talkreel, job_id: str) -> str:
    try:
        client.cancel(job_id)
    except TalkreelError:
        return f"Interrupted. The job {job_id} can't be cancelled any more; it goes on."
    return f"Interrupted. The job {job_id} is cancelled."
