"""The OpenAPI document: whole, valid, and of what is there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from app.core.signing import new_webhook_secret, webhook_headers
from app.errors import ApiError, BadRequest, MethodNotAllowed, NotFound, Unavailable
from app.web.openapi.document import routes
from tests.support.world import World

#: What stands behind pages that people look at: nobody calls it.
PARTS_OF_PAGES = {"/static/<version>/<name>", "/docs/<version>/<name>", "/sizes/<int:width>x<int:height>.css"}
#: Flask answers these by itself.
AUTOMATIC = {"HEAD", "OPTIONS"}
#: What is answered where no operation is, and the names of whole branches of the tree.
OF_NO_OPERATION = {MethodNotAllowed, NotFound, BadRequest, Unavailable}


@pytest.fixture
def document(world: World) -> dict[str, Any]:
    answer = world.app.test_client().get("/api/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json or {})


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [error.message for error in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_every_route_is_in_it(world: World, document: dict[str, Any]) -> None:
    known = {(each.rule.rule, each.method) for each in routes(world.app)}
    written = {
        (path, method.upper()) for path, operations in document["paths"].items() for method in operations
    }

    assert {
        (rule.rule, method)
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) - AUTOMATIC
        if rule.rule not in PARTS_OF_PAGES
    } == known
    assert {(each.path, each.method) for each in routes(world.app)} == written


def test_every_operation_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [each["operationId"] for path in document["paths"].values() for each in path.values()]

    assert sorted(set(names)) == sorted(names)
    assert "getApiStatusJobId" in names


def test_every_link_leads_to_an_operation_and_names_parameters_of_it(document: dict[str, Any]) -> None:
    operations = {each["operationId"]: each for path in document["paths"].values() for each in path.values()}
    links = [
        link
        for operation in operations.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]

    assert links
    for link in links:
        wanted = {each["name"] for each in operations[link["operationId"]]["parameters"] if each["required"]}
        assert link["parameters"].keys() == wanted


def test_only_what_needs_a_key_asks_for_one(world: World, document: dict[str, Any]) -> None:
    client = world.app.test_client()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            answer = client.open(re.sub(r"\{\w+\}", "a" * 24, path), method=method)
            assert (answer.status_code == 401) == ("security" not in operation), path


def test_every_refusal_is_in_it(document: dict[str, Any]) -> None:
    written = {code for found in members(document["paths"], "code") for code in found["enum"]}

    assert written == {error.code for error in refusals(ApiError) if error not in OF_NO_OPERATION}


def test_a_webhook_s_headers_are_those_that_are_sent(document: dict[str, Any]) -> None:
    sent = webhook_headers(
        message_id="msg_" + "a" * 24,
        timestamp_seconds=1_800_000_000,
        body=b"{}",
        event="job.failed",
        secrets=[new_webhook_secret()],
    )
    request = document["webhooks"]["job.failed"]["post"]

    assert {each["name"] for each in request["parameters"]} == sent.keys() - {"Content-Type", "User-Agent"}
    for each in request["parameters"]:
        schema = each["schema"]
        assert re.search(schema.get("pattern", ""), sent[each["name"]])
        assert schema.get("const", sent[each["name"]]) == sent[each["name"]]


def test_who_has_it_needs_no_second_copy(world: World) -> None:
    client = world.app.test_client()
    first = client.get("/api/openapi.json")

    again = client.get("/api/openapi.json", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "public, max-age=60"
    assert first.headers["RateLimit-Remaining"] > again.headers["RateLimit-Remaining"]


def refusals(error: type[ApiError]) -> Iterator[type[ApiError]]:
    for each in error.__subclasses__():
        yield each
        yield from refusals(each)


def members(found: Any, name: str) -> Iterator[Any]:
    """The schemas of all members of this name, at any depth."""
    if isinstance(found, dict):
        if name in found.get("properties", {}):
            yield found["properties"][name]
        found = list(found.values())
    if isinstance(found, list):
        for each in found:
            yield from members(each, name)
