"""What a check found: a part, how it is, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from app.core.deadlines import TooSlow, within
from app.core.results import result_of

#: For each check.
SECONDS = 10.0


class State(StrEnum):
    OK = "ok"
    #: It works, but not as it should for long, or not for everybody.
    WARNING = "warning"
    #: No video can be made, or fetched, before this is mended.
    FAILING = "failing"


@dataclass(frozen=True)
class Finding:
    """How a part is, in words for an operator; what isn't well has a remedy."""

    part: str
    state: State
    words: str
    remedy: str | None = None


class Trouble(Exception):
    """A part is failing."""

    state = State.FAILING

    def __init__(self, words: str, remedy: str) -> None:
        self.words, self.remedy = words, remedy
        super().__init__(words)


class Concern(Trouble):
    """A part works, and should be looked at all the same."""

    state = State.WARNING


#: Returns what is so, in a few words. Raises Trouble or Concern.
Check = Callable[[], str]


def examine(part: str, check: Check) -> Finding:
    """What a check finds within SECONDS. Never raises: what it didn't expect is a finding, too."""
    match result_of(partial(within, SECONDS, check)):
        case Trouble() as trouble:
            return Finding(part, trouble.state, trouble.words, trouble.remedy)
        case TooSlow() as error:
            remedy = "See whether what it stands on is overloaded or gone."
            return Finding(part, State.FAILING, str(error), remedy)
        case Exception() as error:
            words = f"{type(error).__name__}: {error}"
            return Finding(part, State.FAILING, words, "This is not expected: see the log.")
        case words:
            return Finding(part, State.OK, words)
