"""What can happen to the service. Each returns when it is over; False if there was nothing for it to hit."""

from __future__ import annotations

import contextlib
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from random import Random

import psutil

from tests.chaos.victim import SWEEPER, VALKEY, WEB, WORKER, Victim
from tests.disks import filled
from tests.processes import Server
from tests.service import wait_until

#: How long a fault that lasts does; longer than the lease of 2 s.
LASTING_SECONDS = 3.0
#: How long to wait for something to be there that can be hit.
LOOK_SECONDS = 15.0

Strike = Callable[[Victim, Random], bool]
Find = Callable[[Victim], Sequence[psutil.Process]]


@dataclass(frozen=True)
class Fault:
    """`outcome` is what is to be expected of it. `explains_failures` are those that may end a job FAILED."""

    name: str
    strike: Strike
    outcome: str
    explains_failures: bool = False


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
    return signalled(_main(VALKEY), signal.SIGKILL, victim, random)


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


def server_killed(server: Server, _victim: Victim, _random: Random) -> bool:
    server.kill()
    server.start()
    return True


def server_asleep(server: Server, _victim: Victim, _random: Random) -> bool:
    server.pause()
    time.sleep(LASTING_SECONDS)
    server.resume()
    return True


def _main(words: str) -> Find:
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


ANEW = "its job is begun anew"
GOES_ON = "its job goes on elsewhere, as the same attempt"
RESTARTED = "started again"
LATER = "everything waits"

FAULTS = (
    Fault("worker killed, and its horse", worker_and_horse_killed, ANEW),
    Fault("worker killed", killed(_main(WORKER)), ANEW),
    Fault("horse killed", killed(Victim.horses), ANEW),
    Fault("ffmpeg or the talking engine killed", killed(Victim.programs), ANEW),
    Fault("worker told to stop", told_to_stop(_main(WORKER)), GOES_ON),
    Fault("horse asleep past its lease", partial(stopped, Victim.horses), "its job is taken over, once"),
    Fault("worker asleep for 3 s", partial(stopped, _main(WORKER)), "its job goes on"),
    Fault("web process killed", killed(Victim.web_processes), RESTARTED),
    Fault("gunicorn killed", killed(_main(WEB)), RESTARTED),
    Fault("gunicorn told to stop", told_to_stop(_main(WEB)), "drained, " + RESTARTED),
    Fault("sweeper killed", killed(_main(SWEEPER)), RESTARTED),
    Fault("sweeper asleep for 3 s", partial(stopped, _main(SWEEPER)), LATER),
    Fault("Valkey killed", killed(_main(VALKEY)), RESTARTED + " with its file"),
    Fault("Valkey killed, its file lost", valkey_forgets, "every bell is rung again"),
    Fault("Valkey asleep for 3 s", partial(stopped, _main(VALKEY)), "submissions are taken all the same"),
    Fault("database locked for 3 s", database_locked, LATER),
    Fault("disk full for 3 s", disk_full, "503, or FAILED with the reason", explains_failures=True),
    Fault("everything killed at once", power_lost, "all that was accepted is there"),
    Fault("supervisor killed", supervisor_killed, "the rest ends with it"),
    Fault("everything told to stop, and started", restarted, GOES_ON),
    Fault("crash before the commit", partial(crash_at, "before_commit"), "no job; its files are orphans"),
    Fault("crash between commit and bell", partial(crash_at, "after_commit"), "the sweeper rings"),
    Fault("crash after the bell", partial(crash_at, "after_ring"), "the second bell is a no-op"),
    Fault("crash after the claim", partial(crash_at, "after_claim"), ANEW),
    Fault("crash after the video is stored", partial(crash_at, "after_store"), "made anew, kept once"),
    Fault("crash after the job's end", partial(crash_at, "after_end"), "it has ended; its files are orphans"),
    Fault("crash in a deletion", partial(crash_at, "after_delete"), "it is gone; its files are orphans"),
    Fault("crash after a webhook's POST", partial(crash_at, "after_post"), "sent again under the same id"),
)


def faults_on(database: Server) -> tuple[Fault, ...]:
    """Those of a service whose database is a server of its own."""
    common = (fault for fault in FAULTS if fault.strike is not database_locked)
    return (
        *common,
        Fault("PostgreSQL killed", partial(server_killed, database), LATER),
        Fault("PostgreSQL asleep for 3 s", partial(server_asleep, database), LATER),
    )
