"""Reads a choice, and fails where it is the other kind."""

from __future__ import annotations

from worker.engines.talking.face.faces import Accepted, Choice, Refused


def refusal(choice: Choice) -> Refused:
    assert isinstance(choice, Refused)
    return choice


def codes(choice: Choice) -> list[str]:
    assert isinstance(choice, Accepted)
    return [notice.code for notice in choice.notices]
