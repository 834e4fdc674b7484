"""The endpoints of keys, for admins. A view reads, calls one verb, and answers."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app import apikeys, ids
from app.key_bodies import KeyBody, KeyChanges, KeysBody, MintedKeyBody, NewKey
from app.key_errors import KeyNotFound
from app.payloads import DoneBody
from app.web.answers import answer, page_limit
from app.web.auth import caller, require_admin
from app.web.json_body import read_json
from app.web.services import services

keys = Blueprint("keys", __name__, url_prefix="/api/keys")

REVOKED = "Key revoked"


@keys.before_request
def _admins_only() -> None:
    require_admin()
    given = request.view_args or {}
    if "key_id" in given and not ids.is_id(given["key_id"]):
        raise KeyNotFound


@keys.post("")
def mint() -> Response:
    new, database = read_json(NewKey), services().database
    minted = apikeys.mint(
        database,
        new.name,
        max_active_jobs=new.max_active_jobs,
        monthly_quota_seconds=new.monthly_quota_seconds,
        is_admin=new.admin,
    )
    return answer(MintedKeyBody.minted(apikeys.get(database, minted.id), minted.api_key), status=201)


@keys.get("")
def page() -> Response:
    limit = page_limit()
    found = apikeys.page(services().database, limit=limit, cursor=request.args.get("cursor"))
    return answer(KeysBody.of(found.keys, limit=limit, next_cursor=found.next_cursor))


@keys.patch("/<key_id>")
def change(key_id: str) -> Response:
    changed = apikeys.change(services().database, key_id, read_json(KeyChanges).given())
    return answer(KeyBody.of(changed))


@keys.delete("/<key_id>")
def revoke(key_id: str) -> Response:
    apikeys.revoke_other(services().database, key_id, by=caller().id)
    return answer(DoneBody(message=REVOKED))
