"""The stages of a render as they are declared."""

from __future__ import annotations

from app.domain.warnings import WARNINGS
from worker.execution.stages import OPENING, REST


def test_a_stage_needs_only_what_was_made_before() -> None:
    made = {"upload"}
    for step in (OPENING, *REST):
        assert all(made.issuperset(stage.needs) for stage in step)
        made.update(stage.makes for stage in step)


def test_no_field_is_made_twice() -> None:
    made = [stage.makes for step in (OPENING, *REST) for stage in step]

    assert len(made) == len(set(made))


def test_every_warning_belongs_to_a_stage() -> None:
    warned = [kind for step in (OPENING, *REST) for stage in step for kind in stage.warns]

    assert sorted(warned, key=str) == sorted(WARNINGS, key=str)
