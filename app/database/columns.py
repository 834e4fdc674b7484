"""How a word of a known set is stored, and how an index says which words it is for."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from sqlalchemy import Column, Enum, Index, text

from app.domain.states import JobStatus


def enum_column(enum: type[StrEnum], *, nullable: bool = False, closed: bool = False) -> Column[Any]:
    """A column that stores the member's value (not its name, SQLAlchemy's default).

    A `closed` set is held by the database too; the others will grow.
    """
    stored = Enum(
        enum,
        name=enum.__name__.lower(),
        native_enum=False,
        create_constraint=closed,
        length=24,
        values_callable=lambda members: [member.value for member in members],
    )
    return Column(stored, nullable=nullable)


def in_clause(statuses: frozenset[JobStatus]) -> str:
    """The condition of a partial index over these statuses, as both databases write it."""
    return f"status IN ({', '.join(repr(status.value) for status in sorted(statuses))})"


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> Index:
    """An index over the rows that meet a condition, on both databases."""
    return Index(name, *columns, unique=unique, sqlite_where=text(where), postgresql_where=text(where))
