"""What `talkreel up` does with a process that dies again and again."""

from __future__ import annotations

import io
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from honcho.printer import Printer

from app.launcher.child_process import Child
from app.launcher.programs import execute
from app.launcher.supervisor import Supervisor
from tests.support.service import wait_until

LIVES = "import time; print('alive', flush=True); time.sleep(600)"
DIES = "raise SystemExit(3)"


@contextmanager
def running(supervisor: Supervisor) -> Iterator[None]:
    thread = threading.Thread(target=supervisor.run)
    thread.start()
    yield
    supervisor.ask_to_stop()
    thread.join(10)
    assert not thread.is_alive()


def test_what_dies_at_once_is_restarted_ever_later_while_the_others_go_on() -> None:
    said = io.StringIO()
    lives, dies = (
        Child(name, partial(execute, [sys.executable, "-c", code]), os.environ, Printer(said))
        for name, code in (("lives", LIVES), ("dies", DIES))
    )

    with running(Supervisor([lives], [dies])):
        wait_until(lambda: "starting again in 2 s" in said.getvalue())
        assert lives.alive

    waits = [
        line.rpartition(" again in ")[2] for line in said.getvalue().splitlines() if "ended with 3" in line
    ]
    assert waits == ["0.2 s", "1 s", "2 s"]
    assert said.getvalue().count("alive") == 1
    assert not lives.alive
