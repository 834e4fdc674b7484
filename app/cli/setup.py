"""`talkreel setup`: what a program installed from a wheel still needs."""

from __future__ import annotations

import click

from app.config.settings import Settings
from app.core.packaged_files import NotInstalled
from app.core.plugins import part


@click.command()
@click.pass_obj
def setup(settings: Settings) -> None:
    """Bring the two face models to FACE_MODEL_DIR. Without them pictures stand still."""
    folder = settings.face_model_dir
    try:
        is_new = part("models")(folder)
    except NotInstalled as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"The face models are {'now' if is_new else 'already'} in {folder}")
