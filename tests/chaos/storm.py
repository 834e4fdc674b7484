"""A service, its users and the monkey, from the start to the autopsy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from tests.chaos import autopsy
from tests.chaos.crowd import Wares, crowd
from tests.chaos.faults import FAULTS, Fault
from tests.chaos.ledger import Ledger
from tests.chaos.monkey import Monkey, Wound
from tests.chaos.report import Report
from tests.chaos.strikes import disk_full
from tests.chaos.victim import Victim, victim
from tests.support.receiver import Receiver, Reply

USERS = 3
SETTLE_SECONDS = 90
#: Every fifth webhook is refused, for the first so many.
REFUSALS = (Reply(), Reply(), Reply(500), Reply(), Reply()) * 2000

Tell = Callable[[str], object]


def storm(
    folder: Path,
    *,
    seconds: float,
    seed: int,
    faults: Sequence[Fault] = FAULTS,
    database_url: str = "",
    tell: Tell = bool,
) -> Report:
    """Runs one in a new `folder`, and `tell`s what happens. A broken promise is in the report, not raised."""
    folder.mkdir(parents=True, exist_ok=True)
    with Receiver(folder) as receiver, closing(Ledger()) as ledger:
        receiver.script(*REFUSALS)
        with victim(folder, receiver, database_url) as (hurt, has_small_disk):
            possible = [fault for fault in faults if has_small_disk or fault.strike is not disk_full]
            wounds = _rage(hurt, ledger, Wares(receiver.url), possible, seconds, seed, tell)
            _examine(hurt, ledger, receiver, any(fault.explains_failures for fault in possible))
        autopsy.look_for_orphans(folder, ledger)
    ends = Counter(promise.status for promise in ledger.promises.values())
    skipped = [] if has_small_disk else ["a full disk, as only root may mount a small one"]
    return Report(seed, wounds, ends, ledger.answers, ledger.broken, skipped)


def _rage(
    hurt: Victim,
    ledger: Ledger,
    wares: Wares,
    faults: Sequence[Fault],
    seconds: float,
    seed: int,
    tell: Tell,
) -> list[Wound]:
    users = [hurt.person(f"user {number}") for number in range(USERS)]
    monkey = Monkey(hurt, ledger, hurt.person("probe"), faults, seed)
    wounds = []
    with crowd(users, ledger, wares, seed):
        for wound in monkey.rage(seconds):
            tell(f"{wound.recovery_seconds:6.1f} s after {wound.name}")
            wounds.append(wound)
    return wounds


def _examine(hurt: Victim, ledger: Ledger, receiver: Receiver, failures_are_explained: bool) -> None:
    ledger.settle(SETTLE_SECONDS)
    promises = list(ledger.promises.values())
    autopsy.look_at_ends(promises, ledger, failures_are_explained)
    autopsy.look_at_videos(promises, ledger)
    autopsy.let_a_minute_pass(hurt)
    autopsy.look_at_webhooks(hurt, ledger, receiver)
    autopsy.look_for_idle_processes(hurt, ledger)
    hurt.service.stop()
    autopsy.look_at_rows(hurt, ledger)
    autopsy.look_at_files(hurt, ledger)
