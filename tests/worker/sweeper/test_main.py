"""What the sweeper does from time to time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from app.core import clock, ids
from app.database.database import now_ms
from app.jobs import lost_leases, queries, retention
from app.jobs.orphans import LOOKUP_BATCH, ORPHAN_SECONDS
from app.storage.base import StoredFolder
from app.storage.filesystem import LocalStorage
from tests.support.rows import change, let_a_day_pass
from tests.support.service import wait_until
from tests.support.world import World
from worker.context import WorkerContext
from worker.sweeper.__main__ import Rounds


class LongList(LocalStorage):
    """Old uploads that no row explains, one after another for ever; `stop` is set in mid-list."""

    def __init__(self, root: Path, stop: threading.Event) -> None:
        super().__init__(root)
        self._stop = stop
        self.listed = 0

    def prefixes(self, prefix: str) -> Iterator[StoredFolder]:
        while prefix == "uploads":
            self.listed += 1
            if self.listed > LOOKUP_BATCH:
                self._stop.set()
            yield StoredFolder(f"c{self.listed:023}", -ORPHAN_SECONDS)


@pytest.fixture
def context(world: World) -> Iterator[WorkerContext]:
    context = WorkerContext(world.settings)
    yield context
    context.database.close()


def test_a_cleaning_frees_the_idempotency_keys_past_their_time(world: World, context: WorkerContext) -> None:
    world.alice.submit("yesterday")
    let_a_day_pass(world.services.database)
    world.bob.submit("today")

    Rounds(context).tidy_once(lambda: True)

    assert world.count("idempotency_keys") == 1


def test_a_tidying_that_would_take_for_ever_ends_when_it_is_told_to(
    context: WorkerContext, tmp_path: Path
) -> None:
    stop = threading.Event()
    store = LongList(tmp_path, stop)
    context.__dict__["storage"] = store

    Rounds(context).tidy(stop)

    assert store.listed == 2 * LOOKUP_BATCH


def test_a_tidying_purges_what_can_t_be_restored_any_more(world: World, context: WorkerContext) -> None:
    kept, purged = world.alice.submitted(), world.bob.submitted()
    for person, job_id in ((world.alice, kept), (world.bob, purged)):
        world.complete(job_id)
        person.delete(f"/api/jobs/{job_id}")
    change(context.database, purged, restorable_until_ms=now_ms())
    stop = threading.Event()

    tidying = threading.Thread(target=Rounds(context).tidy, args=(stop,))
    tidying.start()
    wait_until(lambda: all(purged not in str(path) for path in world.left_files()))
    stop.set()
    tidying.join()

    assert world.count("jobs") == 1
    assert world.alice.post(f"/api/jobs/{kept}/restore").status_code == 200


def test_of_more_than_a_batch_only_the_orphans_go(
    world: World, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = world.alice.submitted()
    folder = world.settings.data_dir / "files" / "uploads"
    for number in range(LOOKUP_BATCH + 1):
        (folder / f"c{number:023}").mkdir()
    later = clock.now_seconds() + 2 * ORPHAN_SECONDS
    monkeypatch.setattr(clock, "now_seconds", lambda: later)

    Rounds(context).tidy_once(lambda: True)

    assert [path.name for path in folder.iterdir()] == [wanted]


@pytest.mark.parametrize("name", [".nfs0001", ".DS_Store", "a b", "notes.txt"])
def test_a_foreign_name_in_the_store_is_left_alone_and_stops_nothing(
    world: World, context: WorkerContext, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    files = world.settings.data_dir / "files" / "uploads"
    scratch = world.settings.data_dir / "work"
    orphan = ids.new_id()
    for folder in (files, scratch):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    (files / orphan).mkdir()
    later = clock.now_seconds() + 2 * ORPHAN_SECONDS
    monkeypatch.setattr(clock, "now_seconds", lambda: later)

    Rounds(context).tidy_once(lambda: True)

    assert [path.name for path in files.iterdir()] == [name]
    assert (scratch / name).exists()


def test_a_round_goes_on_after_any_error_and_tells_only_whole_ones(
    context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds, stop = Rounds(context), threading.Event()
    monkeypatch.setattr(lost_leases, "reclaim_expired", fails)
    rounds.watch_once()
    assert context.job_queue.sweeper_age_seconds() is None
    monkeypatch.undo()

    watching = threading.Thread(target=rounds.watch, args=(stop,))
    watching.start()
    try:
        wait_until(lambda: context.job_queue.sweeper_age_seconds() is not None)
    finally:
        stop.set()
        watching.join()


def test_a_step_of_the_tidying_that_fails_keeps_no_other_from_being_done(
    world: World, context: WorkerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.alice.submit("yesterday")
    let_a_day_pass(world.services.database)
    monkeypatch.setattr(retention, "expire", fails)
    monkeypatch.setattr(queries, "discard", fails)

    Rounds(context).tidy_once(lambda: True)

    assert world.count("idempotency_keys") == 0


def fails(*_arguments: object, **_named: object) -> NoReturn:
    raise ValueError("nobody expected this")
