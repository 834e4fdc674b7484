"""The bodies around keys: what an admin asks for, and the answers. Of a key only its beginning is shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel

from app.database.models import ApiKey
from app.schemas.jobs import Body, Moment, Pagination, iso

MAX_NAME_CHARACTERS = 100
MAX_ACTIVE_JOBS = 100
MAX_QUOTA_SECONDS = 1_000_000_000


def checked_name(name: str) -> str:
    """The name itself. Raises ValueError where it is empty, too long or can't be printed."""
    if not (name.isprintable() and name.strip() and len(name) <= MAX_NAME_CHARACTERS):
        raise ValueError
    return name


def _whole(number: object) -> object:
    """To JSON, 3.0 is as whole as 3 (JSON Schema Validation 2020-12, section 6.1.1)."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


KeyName = Annotated[
    str,
    AfterValidator(checked_name),
    Field(
        description=f"a text of 1 to {MAX_NAME_CHARACTERS} printable characters",
        json_schema_extra={"minLength": 1, "maxLength": MAX_NAME_CHARACTERS, "format": "printable"},
    ),
]
ActiveJobs = Annotated[
    int,
    Field(ge=1, le=MAX_ACTIVE_JOBS, description=f"a whole number from 1 to {MAX_ACTIVE_JOBS}"),
    BeforeValidator(_whole),
]
QuotaSeconds = Annotated[
    Annotated[int, Field(ge=1, le=MAX_QUOTA_SECONDS), BeforeValidator(_whole)] | None,
    Field(description=f"a whole number from 1 to {MAX_QUOTA_SECONDS}, or null for none"),
]


class Request(BaseModel):
    """A JSON object that is sent to us. The description of a member ends the sentence "it must be ..."."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, strict=True, extra="forbid")


def _without_defaults(schema: dict[str, Any]) -> None:
    for member in schema["properties"].values():
        del member["default"]


class KeyChanges(Request):
    """`PATCH /api/keys/<keyId>`: what isn't given stays as it is."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    name: KeyName = ""
    max_active_jobs: ActiveJobs = 1
    monthly_quota_seconds: QuotaSeconds = None

    def given(self) -> dict[str, object]:
        """The columns to write."""
        return self.model_dump(exclude_unset=True)


class NewKey(Request):
    """`POST /api/keys`."""

    name: KeyName
    max_active_jobs: ActiveJobs = 1
    monthly_quota_seconds: QuotaSeconds = None
    admin: Annotated[bool, Field(description="true or false")] = False


class KeyBody(Body):
    """`prefix` is how the key begins; None of one that is older than this field."""

    id: str
    name: str
    prefix: str | None
    created_at: Moment
    last_used_at: Moment | None
    revoked_at: Moment | None
    max_active_jobs: int
    monthly_quota_seconds: int | None
    admin: bool

    @classmethod
    def of(cls, key: ApiKey) -> KeyBody:
        return cls(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            created_at=iso(key.created_at_ms),
            last_used_at=iso(key.last_used_at_ms) if key.last_used_at_ms else None,
            revoked_at=iso(key.revoked_at_ms) if key.revoked_at_ms else None,
            max_active_jobs=key.max_active_jobs,
            monthly_quota_seconds=key.monthly_quota_seconds,
            admin=key.is_admin,
        )


class MintedKeyBody(KeyBody):
    """A new key. The two secrets can't be shown again."""

    api_key: str
    webhook_secret: str

    @classmethod
    def minted(cls, key: ApiKey, api_key: str) -> MintedKeyBody:
        return cls(**KeyBody.of(key).model_dump(), api_key=api_key, webhook_secret=key.webhook_secret)


class KeysBody(Body):
    """`GET /api/keys`."""

    keys: list[KeyBody]
    pagination: Pagination

    @classmethod
    def of(cls, page: Sequence[ApiKey], *, limit: int, next_cursor: str | None) -> KeysBody:
        return cls(
            keys=[KeyBody.of(key) for key in page],
            pagination=Pagination(
                limit=limit, next_cursor=next_cursor, has_next_page=next_cursor is not None
            ),
        )
