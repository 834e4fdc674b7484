"""What the sweeper does from time to time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import clock
from app.database import now_ms
from app.housekeeping import LOOKUP_BATCH, ORPHAN_SECONDS
from app.localfiles import LocalStorage
from app.stored import StoredFolder
from tests.database.rows import change, let_a_day_pass
from tests.service import wait_until
from tests.world import World
from worker.sweep import clean_once, tidy
from worker.workshop import Workshop


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
            yield StoredFolder(f"j{self.listed}", -ORPHAN_SECONDS)


@pytest.fixture
def shop(world: World) -> Iterator[Workshop]:
    shop = Workshop(world.settings)
    yield shop
    shop.database.close()


def test_a_cleaning_frees_the_idempotency_keys_past_their_time(world: World, shop: Workshop) -> None:
    world.alice.submit("yesterday")
    let_a_day_pass(world.services.database)
    world.bob.submit("today")

    clean_once(shop)

    assert world.count("idempotency_keys") == 1


def test_a_tidying_that_would_take_for_ever_ends_when_it_is_told_to(shop: Workshop, tmp_path: Path) -> None:
    stop = threading.Event()
    store = LongList(tmp_path, stop)
    shop.__dict__["storage"] = store

    tidy(shop, stop)

    assert store.listed == 2 * LOOKUP_BATCH


def test_a_tidying_purges_what_can_t_be_restored_any_more(world: World, shop: Workshop) -> None:
    kept, purged = world.alice.submitted(), world.bob.submitted()
    for person, job_id in ((world.alice, kept), (world.bob, purged)):
        world.complete(job_id)
        person.delete(f"/api/jobs/{job_id}")
    change(shop.database, purged, restorable_until_ms=now_ms())
    stop = threading.Event()

    tidying = threading.Thread(target=tidy, args=(shop, stop))
    tidying.start()
    wait_until(lambda: all(purged not in str(path) for path in world.left_files()))
    stop.set()
    tidying.join()

    assert world.count("jobs") == 1
    assert world.alice.post(f"/api/jobs/{kept}/restore").status_code == 200


def test_of_more_than_a_batch_only_the_orphans_go(
    world: World, shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = world.alice.submitted()
    folder = world.settings.data_dir / "files" / "uploads"
    for number in range(LOOKUP_BATCH + 1):
        (folder / f"{number:024}").mkdir()
    later = clock.now_seconds() + 2 * ORPHAN_SECONDS
    monkeypatch.setattr(clock, "now_seconds", lambda: later)

    clean_once(shop)

    assert [path.name for path in folder.iterdir()] == [wanted]
