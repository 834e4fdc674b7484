"""Processes that begin together on a database where nothing is yet."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable

from app.database import migrations
from app.database.database import Database
from app.keys import api_keys

TOGETHER = 3
DEADLINE_SECONDS = 60

Wait = Callable[[float], int]


def start(database_url: str, name: str, wait_for_the_others: Wait) -> None:
    """What each of our processes does first, all at the same instant; then makes a key, to show it can."""
    database = Database(database_url)
    wait_for_the_others(DEADLINE_SECONDS)
    migrations.upgrade(database)
    api_keys.mint(database, name)
    database.close()


def test_several_that_start_at_once_on_an_empty_database_prepare_it_once(database_url: str) -> None:
    spawning = multiprocessing.get_context("spawn")
    wait = spawning.Barrier(TOGETHER).wait
    names = [f"starter {number}" for number in range(TOGETHER)]
    starters = [spawning.Process(target=start, args=(database_url, name, wait)) for name in names]

    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(DEADLINE_SECONDS)

    assert [starter.exitcode for starter in starters] == [0] * TOGETHER
    database = Database(database_url)
    assert sorted(key.name for key in api_keys.listing(database)) == names
    database.close()
