"""How a command that uses a service ends: its exit codes, and what `talkreel make` says of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click

from app.cli.local_job import CannotMake
from app.cli.output import print_json
from app.client import JobCancelled, JobFailed, TalkreelError, TookTooLong

EXIT_CODES = """\b
Exit codes:
    0  the video is made
    1  the job failed; the sentence says why
    2  bad usage, or a file that can't be read or written
    3  the service refused, or can't be reached
    4  not made within --timeout; the job goes on
  130  interrupted; a job that was still pending is cancelled
"""


class CommandFailed(click.ClickException):
    """An end without a video. With `as_json` it is told on standard output, for a program."""

    def __init__(self, sentence: str, code: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.as_json = False

    def show(self, file: IO[Any] | None = None) -> None:
        if self.as_json:
            print_json({"error": self.message, "code": self.code})
        else:
            super().show(file)


class Failed(CommandFailed):
    exit_code = 1


class FileUnusable(CommandFailed):
    exit_code = 2


class NotServed(CommandFailed):
    exit_code = 3


class TooLate(CommandFailed):
    exit_code = 4


class Interrupted(CommandFailed):
    exit_code = 130

    def __init__(self, sentence: str = "Interrupted.") -> None:
        super().__init__(sentence, "interrupted")


@contextmanager
def endings(*, as_json: bool) -> Iterator[None]:
    """Turns whatever ends the command into an Ending."""
    try:
        with _named():
            yield
    except CommandFailed as ending:
        ending.as_json = as_json
        raise


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except TalkreelError as error:
        raise _kind_of(error)(error.sentence, error.code) from error
    except CannotMake as error:
        raise Failed(error.sentence, error.code) from error
    except KeyboardInterrupt:
        raise Interrupted from None
    except OSError as error:
        raise FileUnusable(f"{error.filename or 'A file'}: {error.strerror}.", "file_unusable") from error


def _kind_of(error: TalkreelError) -> type[CommandFailed]:
    if isinstance(error, (JobFailed, JobCancelled)):
        return Failed
    return TooLate if isinstance(error, TookTooLong) else NotServed
