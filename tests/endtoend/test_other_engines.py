"""An operator's own engine in the running service, over real HTTP."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.support.paths import PORTRAIT, STUB_ENGINE
from tests.support.service import Service
from tests.support.world import png, wav


def test_the_operator_s_command_makes_the_portrait_talk(tmp_path: Path) -> None:
    command = f"{sys.executable} {STUB_ENGINE} {{video}} {{audio}} {{out}}"
    with Service(tmp_path, RENDER_WORKERS="1", TALKING_ENGINE="exec", ENGINE_COMMAND=command) as service:
        user = service.user()
        status = user.wait_for(user.submitted(PORTRAIT.read_bytes(), wav(44_100)), "COMPLETED")
        assert (status["motion"], status["warnings"]) == ("talking", [])
        faceless = user.wait_for(user.submitted(png(), wav(44_100)), "COMPLETED")
        assert (faceless["motion"], faceless["warnings"][0]["code"]) == ("still", "no_face")


def test_a_failing_one_is_told_as_a_warning(tmp_path: Path) -> None:
    with Service(
        tmp_path, RENDER_WORKERS="1", TALKING_ENGINE="exec", ENGINE_COMMAND="false {out}"
    ) as service:
        user = service.user()
        status = user.wait_for(user.submitted(), "COMPLETED")
    assert (status["motion"], status["warnings"][0]["code"]) == ("still", "engine_failed")
