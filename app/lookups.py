"""What every request asks the database: statements compiled once, whose rows the driver itself brings.

Around one indexed SELECT of some microseconds, a session of the ORM takes ten times as long.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Dialect, Enum, Select
from sqlalchemy.orm.attributes import manager_of_class

T = TypeVar("T")


class Cursor(Protocol):
    """The part of a database driver's cursor that we need (PEP 249)."""

    @property
    def description(self) -> Any: ...

    def execute(self, statement: str, parameters: Any, /) -> Any: ...

    def fetchall(self) -> Sequence[Sequence[Any]]: ...


class Lookup(Generic[T]):
    """A SELECT of one model, with a `bindparam` for whatever changes. Make it once, at import.

    It finds instances that no session knows: to look at, not to change.
    """

    def __init__(self, model: type[T], statement: Select[Any]) -> None:
        self._new_instance: Callable[[], T] = manager_of_class(model).new_instance
        self._statement = statement
        self._questions: dict[str, _Question] = {}
        self._readers: dict[str, _Reader] = {}

    def run(self, cursor: Cursor, dialect: Dialect, values: Mapping[str, Any]) -> list[T]:
        """What is found for these values. Raises the driver's own errors."""
        question = self._questions.get(dialect.name) or self._compile(dialect)
        cursor.execute(question.sql, question.parameters(values))
        reader = self._readers.get(dialect.name) or self._read_up(dialect, cursor)
        return [self._instance(reader.read(row)) for row in cursor.fetchall()]

    def _compile(self, dialect: Dialect) -> _Question:
        question = self._questions[dialect.name] = _Question.of(self._statement, dialect)
        return question

    def _read_up(self, dialect: Dialect, cursor: Cursor) -> _Reader:
        types = [column[1] for column in cursor.description]
        reader = self._readers[dialect.name] = _Reader.of(self._statement, dialect, types)
        return reader

    def _instance(self, values: dict[str, Any]) -> T:
        instance = self._new_instance()
        instance.__dict__.update(values)
        return instance


@dataclass(frozen=True)
class _Question:
    """A statement in the database's own words."""

    sql: str
    constants: Mapping[str, Any]
    #: The order of the values, for a driver that takes them by position.
    positions: Sequence[str] | None

    @classmethod
    def of(cls, statement: Select[Any], dialect: Dialect) -> _Question:
        compiled: Any = statement.compile(dialect=dialect)
        return cls(str(compiled), compiled.params, compiled.positiontup if compiled.positional else None)

    def parameters(self, values: Mapping[str, Any]) -> Any:
        known = {**self.constants, **values}
        return known if self.positions is None else [known[name] for name in self.positions]


@dataclass(frozen=True)
class _Reader:
    """Makes attributes of a row."""

    names: Sequence[str]
    #: For those columns whose values the driver doesn't bring as they are.
    converters: Mapping[str, Callable[[Any], Any]]

    @classmethod
    def of(cls, statement: Select[Any], dialect: Dialect, types: Sequence[Any]) -> _Reader:
        columns: list[Any] = list(statement.selected_columns)
        converters = {
            column.key: _converter(column.type, dialect, its_type)
            for column, its_type in zip(columns, types, strict=True)
        }
        needed = {name: converter for name, converter in converters.items() if converter}
        return cls([column.key for column in columns], needed)

    def read(self, row: Sequence[Any]) -> dict[str, Any]:
        found = dict(zip(self.names, row, strict=True))
        for name, convert in self.converters.items():
            found[name] = convert(found[name])
        return found


def _converter(kind: Any, dialect: Dialect, its_type: Any) -> Callable[[Any], Any] | None:
    if isinstance(kind, Enum) and kind.enum_class:
        members: dict[Any, Any] = {member.value: member for member in kind.enum_class}
        return {**members, None: None}.__getitem__
    converter: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(dialect, its_type)
    return converter
