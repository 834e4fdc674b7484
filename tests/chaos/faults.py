"""What can happen to the service."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from tests.chaos.strikes import (
    Strike,
    crash_at,
    database_crashes,
    database_locked,
    disk_full,
    killed,
    main,
    power_lost,
    restarted,
    stopped,
    supervisor_killed,
    told_to_stop,
    valkey_forgets,
    worker_and_horse_killed,
)
from tests.chaos.victim import SWEEPER, VALKEY, WEB, WORKER, Victim
from tests.support.processes import Server


@dataclass(frozen=True)
class Fault:
    """`outcome` is what is to be expected of it. `explains_failures` are those that may end a job FAILED."""

    name: str
    strike: Strike
    outcome: str
    explains_failures: bool = False


ANEW = "its job is begun anew"
GOES_ON = "its job goes on elsewhere, as the same attempt"
RESTARTED = "started again"
LATER = "everything waits"

FAULTS = (
    Fault("worker killed, and its horse", worker_and_horse_killed, ANEW),
    Fault("worker killed", killed(main(WORKER)), ANEW),
    Fault("horse killed", killed(Victim.horses), ANEW),
    Fault("ffmpeg or the talking engine killed", killed(Victim.programs), ANEW),
    Fault("worker told to stop", told_to_stop(main(WORKER)), GOES_ON),
    Fault("horse asleep past its lease", partial(stopped, Victim.horses), "its job is taken over, once"),
    Fault("worker asleep for 3 s", partial(stopped, main(WORKER)), "its job goes on"),
    Fault("web process killed", killed(Victim.web_processes), RESTARTED),
    Fault("gunicorn killed", killed(main(WEB)), RESTARTED),
    Fault("gunicorn told to stop", told_to_stop(main(WEB)), "drained, " + RESTARTED),
    Fault("sweeper killed", killed(main(SWEEPER)), RESTARTED),
    Fault("sweeper asleep for 3 s", partial(stopped, main(SWEEPER)), LATER),
    Fault("Valkey killed", killed(main(VALKEY)), RESTARTED + " with its file"),
    Fault("Valkey killed, its file lost", valkey_forgets, "every bell is rung again"),
    Fault("Valkey asleep for 3 s", partial(stopped, main(VALKEY)), "submissions are taken all the same"),
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
        Fault("PostgreSQL crashed", partial(database_crashes, database), LATER),
    )
