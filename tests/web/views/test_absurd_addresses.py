"""Addresses that nobody means: a refusal, never an error of ours."""

from __future__ import annotations

import pytest
from werkzeug.routing import Rule

from tests.support.world import World

LONG = "9" * 400
ABSURD = ["0", "-1", LONG, "x" * 300, "ä", "%00", "%ff", "..", "%2e%2e%2f", "null", "1e999", "\u202e"]


def rules(world: World) -> list[Rule]:
    return [
        rule for rule in world.app.url_map.iter_rules() if rule.arguments and "GET" in (rule.methods or ())
    ]


def address(rule: Rule, value: str) -> str:
    """The rule's address with the value in each of its places."""
    return "".join(value if is_argument else text for is_argument, text in rule._trace).partition("|")[2]


@pytest.mark.parametrize("value", ABSURD)
def test_no_public_address_fails_for_what_stands_in_it(world: World, value: str) -> None:
    client = world.app.test_client()
    for rule in rules(world):
        for key in ({}, world.alice.headers):
            answer = client.get(address(rule, value), headers=key)
            assert answer.status_code < 500, address(rule, value)


@pytest.mark.parametrize("size", [f"{LONG}x1", f"1x{LONG}", "0x0", "1x0", "99999x1"])
def test_a_size_that_no_video_has_is_not_found(world: World, size: str) -> None:
    assert world.app.test_client().get(f"/sizes/{size}.css").status_code == 404


@pytest.mark.parametrize("name", ["limit", "cursor", "status", "deleted", "days", "expires", "signature"])
@pytest.mark.parametrize("value", ABSURD)
def test_no_query_makes_an_error_of_ours(world: World, name: str, value: str) -> None:
    for path in ("/api/jobs", "/api/usage", "/videos/x.mp4", "/share/x", "/"):
        assert world.alice.get(path, query_string={name: value}).status_code < 500, path
