"""What every request asks the database: statements compiled once, whose rows the driver itself brings.

Around one indexed SELECT of some microseconds, a session of the ORM takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Dialect, Enum, Select, select
from sqlalchemy.orm.attributes import manager_of_class

T = TypeVar("T")
#: By its place in a row: what makes a value of what the driver brings, where that isn't one already.
Converters = Sequence[tuple[int, Callable[[Any], Any]]]


class Cursor(Protocol):
    """The part of a database driver's cursor that we need (PEP 249)."""

    @property
    def description(self) -> Any: ...

    def execute(self, statement: str, parameters: Any, /) -> Any: ...

    def fetchall(self) -> Sequence[Sequence[Any]]: ...


class Lookup(Generic[T]):
    """A SELECT with a `bindparam` for whatever changes, and what to make of a row. At import, once."""

    def __init__(self, statement: Select[*tuple[Any, ...]], make: Callable[[Sequence[Any]], T]) -> None:
        self._statement = statement
        self._make = make
        self._questions: dict[str, _Question] = {}
        self._converters: dict[str, Converters] = {}

    def run(self, cursor: Cursor, dialect: Dialect, values: Mapping[str, Any]) -> list[T]:
        """What is found for these values. Raises the driver's own errors."""
        question = self._questions.get(dialect.name) or self._compile(dialect)
        cursor.execute(question.sql, question.parameters(values))
        converters = self._converters.get(dialect.name)
        if converters is None:
            converters = self._converters[dialect.name] = self._read_up(dialect, cursor)
        return [self._make(_converted(row, converters)) for row in cursor.fetchall()]

    def _compile(self, dialect: Dialect) -> _Question:
        question = self._questions[dialect.name] = _Question.of(self._statement, dialect)
        return question

    def _read_up(self, dialect: Dialect, cursor: Cursor) -> Converters:
        columns = enumerate(zip(self._statement.selected_columns, cursor.description, strict=True))
        found = [(at, _converter(column.type, dialect, brought[1])) for at, (column, brought) in columns]
        return [(at, convert) for at, convert in found if convert]


def instances_of(model: type[T]) -> Callable[[Sequence[Any]], T]:
    """Makes an instance of all columns' values. No session knows it: it is to look at, not to change."""
    names = [str(column.key) for column in select(model).selected_columns]
    new_instance: Callable[[], T] = manager_of_class(model).new_instance

    def make(values: Sequence[Any]) -> T:
        instance = new_instance()
        instance.__dict__.update(zip(names, values, strict=True))
        return instance

    return make


@dataclass(frozen=True)
class _Question:
    """A statement in the database's own words."""

    sql: str
    constants: Mapping[str, Any]
    #: The order of the values, for a driver that takes them by position.
    positions: Sequence[str] | None

    @classmethod
    def of(cls, statement: Select[*tuple[Any, ...]], dialect: Dialect) -> _Question:
        compiled: Any = statement.compile(dialect=dialect)
        return cls(str(compiled), compiled.params, compiled.positiontup if compiled.positional else None)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        known = {**self.constants, **values}
        return known if self.positions is None else [known[name] for name in self.positions]


def _converted(row: Sequence[Any], converters: Converters) -> Sequence[Any]:
    values = list(row)
    for at, convert in converters:
        values[at] = convert(values[at])
    return values


def _converter(kind: Any, dialect: Dialect, its_type: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, Enum) and kind.enum_class:
        members: dict[Any, Any] = {member.value: member for member in kind.enum_class}
        return {**members, None: None}.__getitem__
    converter: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, its_type)
    return converter
