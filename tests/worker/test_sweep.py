"""What the sweeper does from time to time."""

from __future__ import annotations

from tests.database.rows import let_a_day_pass
from tests.world import World
from worker.sweep import clean_once
from worker.workshop import Workshop


def test_a_cleaning_frees_the_idempotency_keys_past_their_time(world: World) -> None:
    world.alice.submit("yesterday")
    let_a_day_pass(world.services.database)
    world.bob.submit("today")
    shop = Workshop(world.settings)

    clean_once(shop)

    assert world.count("idempotency_keys") == 1
    shop.database.close()
