"""How often one request asks the database and Valkey: what a status or a list costs, in what doesn't vary."""

from __future__ import annotations

import pytest
from redis import Redis

from tests.support.statements import redis_commands, statements_of
from tests.support.world import World
from tests.web.views.conftest import MakeWorld
from tests.web.views.lists import add_ended

PATHS = ["/api/status/{job_id}", "/api/jobs?limit=20", "/api/jobs?limit=20&status=CANCELLED"]


def ask(world: World, path: str) -> None:
    assert world.alice.get(path).status_code == 200


def test_a_status_is_one_statement_and_no_transaction(database_world: World) -> None:
    world = database_world
    path = f"/api/status/{add_ended(world, world.alice, 1000)[0]}"
    ask(world, path)

    with statements_of(world.services.database) as statements:
        ask(world, path)

    (statement,) = statements
    assert statement.startswith("SELECT")
    assert "FROM api_keys LEFT OUTER JOIN jobs" in statement


@pytest.mark.parametrize("path", PATHS[1:])
def test_a_list_is_two_statements_and_no_transaction(database_world: World, path: str) -> None:
    world = database_world
    add_ended(world, world.alice, 1000)
    ask(world, path)

    with statements_of(world.services.database) as statements:
        ask(world, path)

    assert [statement.split()[0] for statement in statements] == ["SELECT", "SELECT"]
    assert "FROM api_keys" in statements[0]
    assert "FROM jobs" in statements[1]
    assert "notices" not in statements[1]


@pytest.mark.parametrize("path", PATHS)
def test_a_question_is_one_command_to_valkey(world: World, path: str) -> None:
    path = path.format(job_id=add_ended(world, world.alice, 1000)[0])
    ask(world, path)

    with redis_commands(world.settings.redis_url) as commands:
        ask(world, path)

    assert commands == ["EVALSHA"]


def test_a_refused_question_asks_no_database(make_world: MakeWorld) -> None:
    world = make_world(rate_limit="1/minute")
    ask(world, "/api/jobs")

    with (
        statements_of(world.services.database) as statements,
        redis_commands(world.settings.redis_url) as commands,
    ):
        assert world.alice.get("/api/jobs").status_code == 429

    assert (statements, commands) == ([], ["EVALSHA"])


@pytest.mark.parametrize("path", PATHS[:2])
def test_a_key_that_is_revoked_meanwhile_is_refused_at_once(database_world: World, path: str) -> None:
    world = database_world
    path = path.format(job_id=add_ended(world, world.alice, 1000)[0])
    ask(world, path)

    with world.services.database.writing() as session:
        session.connection().exec_driver_sql("UPDATE api_keys SET revoked_at_ms = 1")

    assert world.alice.get(path).status_code == 401


def test_a_valkey_that_forgot_the_script_is_told_it_again(world: World) -> None:
    ask(world, "/api/jobs")
    with Redis.from_url(world.settings.redis_url) as redis:
        redis.script_flush()

    assert world.alice.get("/api/jobs").headers["RateLimit-Remaining"] == "598"
