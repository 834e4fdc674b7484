"""How to hurt the service. Each returns when it is over; False if there was nothing for it to hit."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from random import Random

import psutil

from tests.chaos.victim import VALKEY, WEB, Victim
from tests.support.disks import filled
from tests.support.processes import Server
from tests.support.service import wait_until

#: How long what lasts does; longer than the lease of 2 s.
LASTING_SECONDS = 3.0
#: How long to wait for something to be there that can be hit.
LOOK_SECONDS = 15.0

Strike = Callable[[Victim, Random], bool]
Find = Callable[[Victim], Sequence[psutil.Process]]


def signalled(find: Find, number: signal.Signals, victim: Victim, random: Random) -> bool:
    """One of those found gets a signal."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if found := _found(find, victim):
            random.choice(found).send_signal(number)
            return True
    return False


def stopped(find: Find, victim: Victim, random: Random) -> bool:
    """One of those found sleeps for a while."""
    with contextlib.suppress(psutil.NoSuchProcess):
        if found := _found(find, victim):
            sleeper = random.choice(found)
            sleeper.suspend()
            time.sleep(LASTING_SECONDS)
            sleeper.resume()
            return True
    return False


def worker_and_horse_killed(victim: Victim, random: Random) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        if found := _found(Victim.horses, victim):
            horse = random.choice(found)
            worker = horse.parent()
            for process in (worker, horse):
                if process:
                    process.kill()
            return True
    return False


def valkey_forgets(victim: Victim, random: Random) -> bool:
    shutil.rmtree(victim.data_dir / "valkey" / "appendonlydir", ignore_errors=True)
    return signalled(main(VALKEY), signal.SIGKILL, victim, random)


def disk_full(victim: Victim, _random: Random) -> bool:
    with filled(victim.data_dir):
        time.sleep(LASTING_SECONDS)
    return True


def database_locked(victim: Victim, _random: Random) -> bool:
    path = victim.data_dir / "talkreel.db"
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        time.sleep(LASTING_SECONDS)
        other.execute("ROLLBACK")
    return True


def crash_at(moment: str, victim: Victim, _random: Random) -> bool:
    """Whoever comes by next is killed there."""
    armed = victim.failpoints / moment
    armed.touch()
    with contextlib.suppress(AssertionError):
        wait_until(lambda: not armed.exists(), seconds=LOOK_SECONDS)
        return True
    armed.unlink(missing_ok=True)
    return False


def power_lost(victim: Victim, _random: Random) -> bool:
    everything = victim.everything()
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    victim.service.kill()
    psutil.wait_procs(everything, timeout=LOOK_SECONDS)
    victim.service.start()
    return True


def supervisor_killed(victim: Victim, _random: Random) -> bool:
    """What it ran ends by itself; it is started again as soon as the port is free, as systemd would."""
    masters = victim.main_processes(WEB)
    victim.service.kill()
    psutil.wait_procs(masters, timeout=LOOK_SECONDS)
    victim.service.start()
    return True


def restarted(victim: Victim, _random: Random) -> bool:
    victim.service.restart()
    return True


def database_crashes(server: Server, _victim: Victim, _random: Random) -> bool:
    """PostgreSQL's "immediate shutdown", after which it has to recover."""
    server.restart()
    return True


def main(words: str) -> Find:
    """One of the Procfile's processes, or Valkey."""
    return lambda victim: victim.main_processes(words)


def _found(find: Find, victim: Victim) -> Sequence[psutil.Process]:
    """Those to hit, as soon as there are any."""
    with contextlib.suppress(AssertionError):
        return list(wait_until(lambda: find(victim), seconds=LOOK_SECONDS))
    return []


def killed(find: Find) -> Strike:
    return partial(signalled, find, signal.SIGKILL)


def told_to_stop(find: Find) -> Strike:
    return partial(signalled, find, signal.SIGTERM)
