"""A program that runs while its starter does something else."""

from __future__ import annotations

import selectors
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from worker.process import Command, read, start
from worker.scene import ReportShare


@contextmanager
def beside(command: Command) -> Iterator[Beside]:
    """Starts the program, from the main thread; it ends with the block at the latest."""
    with ExitStack() as alive, selectors.DefaultSelector() as pipes:
        yield Beside(command, alive, pipes)


class Beside:
    """A running program that is looked at now and then, and waited for at last.

    Between two looks nobody reads what it says: a talkative one may come to stand there. So its time is
    taken from `wait` on only.
    """

    def __init__(self, command: Command, alive: ExitStack, pipes: selectors.BaseSelector) -> None:
        self._share = 0.0
        self._report: ReportShare | None = None
        self._follower = command.follower(command.expected_seconds, self._tell)
        self._running = start(command, self._follower, alive, pipes)
        self._pipes = pipes
        self._has_ended = False

    def look(self) -> None:
        """Raises what it failed of, if it did by now: what `process.run` raises."""
        while read(self._pipes, timeout_seconds=0):
            pass
        if self._running.is_silent and not self._has_ended:
            self._has_ended = self._running.has_ended()

    def wait(self, report: ReportShare) -> str:
        """What `process.run` does, from here to its end."""
        self._report = report
        report(self._share)
        self._running.start_clock()
        while not self._has_ended:
            read(self._pipes)
            self._has_ended = self._running.has_ended()
        return self._follower.stderr

    def _tell(self, share: float) -> None:
        self._share = share
        if self._report:
            self._report(share)
