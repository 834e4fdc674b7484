"""What Schemathesis can't make up from the document: files that are what they say, and words of ours."""

from __future__ import annotations

import schemathesis
from hypothesis import strategies

from app.core.ids import new_id
from app.core.pagination import Cursor, encode
from app.media.media_types import MediaType
from tests.support.world import png, wav

#: Bytes decide what a file is: any picture and any sound will do, whatever type they are sent as.
FILES = {"image": png(), "audio": wav()}

for media_type in MediaType:
    schemathesis.openapi.media_type(media_type, strategies.just(FILES[media_type.partition("/")[0]]))
schemathesis.openapi.format("cursor", strategies.just(encode(Cursor(1_800_000_000_000, new_id()))))
schemathesis.openapi.format("uri", strategies.just("https://talkreel.invalid/hook?job=1"))
schemathesis.openapi.format(
    "printable",
    strategies.text(strategies.characters(categories=["L", "M", "N", "P", "S"]), min_size=1, max_size=100),
)
