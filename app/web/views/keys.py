"""The endpoints of keys, for admins. A view reads, calls one verb, and answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.core import ids
from app.errors.keys import AdminRequired, KeyNotFound, OwnKey
from app.keys import api_keys
from app.keys.schemas import KeyBody, KeyChanges, KeysBody, MintedKeyBody, NewKey
from app.schemas.jobs import DoneBody
from app.web.http.auth import caller, require_admin
from app.web.http.context import services
from app.web.http.json_body import REFUSALS, read_json
from app.web.http.responses import answer, page_limit, query_parameter
from app.web.openapi import parameters
from app.web.openapi.operations import Answer, Sent, Tag, described

keys = Blueprint("keys", __name__, url_prefix="/api/keys")

REVOKED = "Key revoked"


@keys.before_request
def _admins_only() -> None:
    require_admin()
    given = request.view_args or {}
    if "key_id" in given and not ids.is_id(given["key_id"]):
        raise KeyNotFound


@keys.post("")
@described(
    "Make a key",
    Tag.KEYS,
    Answer("The key and its webhook secret, which are shown this once.", (MintedKeyBody,), status=201),
    sent=Sent(NewKey),
    raises=(AdminRequired, *REFUSALS),
)
def mint() -> Response:
    new, database = read_json(NewKey), services().database
    minted = api_keys.mint(
        database,
        new.name,
        max_active_jobs=new.max_active_jobs,
        monthly_quota_seconds=new.monthly_quota_seconds,
        is_admin=new.admin,
    )
    return answer(MintedKeyBody.minted(api_keys.get(database, minted.id), minted.api_key), status=201)


@keys.get("")
@described(
    "List the keys, newest first",
    Tag.KEYS,
    Answer("A page of keys.", (KeysBody,)),
    parameters=parameters.PAGE,
    raises=(AdminRequired, *parameters.PAGE_REFUSALS),
)
def page() -> Response:
    limit = page_limit()
    found = api_keys.page(services().database, limit=limit, cursor=query_parameter("cursor"))
    return answer(KeysBody.of(found.keys, limit=limit, next_cursor=found.next_cursor))


@keys.patch("/<key_id>")
@described(
    "Change a key's name or limits",
    Tag.KEYS,
    Answer("The key as it is now.", (KeyBody,)),
    sent=Sent(KeyChanges),
    raises=(AdminRequired, KeyNotFound, *REFUSALS),
)
def change(key_id: str) -> Response:
    changed = api_keys.change(services().database, key_id, read_json(KeyChanges).given())
    return answer(KeyBody.of(changed))


@keys.delete("/<key_id>")
@described(
    "Revoke a key",
    Tag.KEYS,
    Answer("It is revoked.", (DoneBody,)),
    raises=(AdminRequired, KeyNotFound, OwnKey),
)
def revoke(key_id: str) -> Response:
    api_keys.revoke_other(services().database, key_id, by=caller().id)
    return answer(DoneBody(message=REVOKED))
