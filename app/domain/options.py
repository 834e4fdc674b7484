"""The options of a job: what may be asked for beside its files, each declared here and nowhere else.

A field of `RenderOptions` is an option. The multipart reader, the OpenAPI document, the page, the command,
the Python client and the MCP tools are made from these declarations, and a job's row keeps them as one JSON
object. A new option costs its field here, and the place where it takes effect.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo

from app.domain.states import Motion

#: As a form's text: no exponents, infinities or digits of other scripts.
_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,20})?", re.ASCII)


class InvalidOption(ValueError):
    """A value that an option may not have; `expected` says what it may be."""

    def __init__(self, name: str, expected: str) -> None:
        self.name = name
        self.expected = expected
        super().__init__(f"{name} must be {expected}")


@dataclass(frozen=True)
class Presentation:
    """How an option is shown to people: its `unit`, and on the page a `label`, and one for each of its words.

    A number's box on the page sets it to `suggested`.
    """

    label: str
    unit: str = ""
    suggested: float | None = None
    word_labels: Mapping[str, str] | None = None


class RenderOptions(BaseModel):
    """What was asked for. A JSON object that a newer version wrote may hold more, which is left out."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, validate_by_name=True, validate_by_alias=True
    )

    motion: Annotated[
        Motion,
        Field(
            description="`auto`: talks if there is a usable face. `talking`: talks, or fails with the reason."
            " `still`: stands still."
        ),
        Presentation(
            "The picture",
            word_labels={"auto": "Talks if it can", "talking": "Must talk", "still": "Stands still"},
        ),
    ] = Motion.AUTO
    loudness: Annotated[
        # From quieter than any broadcaster wants it to as loud as sound gets without being crushed.
        Annotated[float, Field(ge=-30, le=-8)] | None,
        Field(description="Brings the sound to so many LUFS (EBU R 128); without it, it stays as it is."),
        Presentation("Even out the loudness", unit="LUFS", suggested=-16),
    ] = None

    @classmethod
    def of_texts(cls, texts: Mapping[str, str]) -> Self:
        """From a form's texts by the options' names; an empty text is none.

        Raises:
            InvalidOption
        """
        read = {each.name: each.read(texts[each.name]) for each in options() if texts.get(each.name)}
        return cls.model_validate(read)

    def texts(self) -> dict[str, str]:
        """As a form's texts, without those that are as they are by default."""
        return form_texts(self.model_dump(mode="json", exclude_defaults=True))


@dataclass(frozen=True)
class Option:
    """An option as it was declared: one of some `words`, or a number from `minimum` to `maximum`.

    `name` is that of the API, `field` that of Python.
    """

    name: str
    field: str
    default: Any
    description: str
    shown: Presentation
    words: tuple[str, ...]
    minimum: float | None
    maximum: float | None

    @property
    def expected(self) -> str:
        """What it must be, as the end of a sentence."""
        if self.words:
            return f"{', '.join(self.words[:-1])} or {self.words[-1]}"
        unit = f" ({self.shown.unit})" if self.shown.unit else ""
        return f"a number from {self.minimum} to {self.maximum}{unit}"

    @property
    def annotation(self) -> Any:
        """Its type, with bounds and description: what pydantic makes a JSON schema of."""
        if self.words:
            return Annotated[Literal[self.words], Field(description=self.description)]
        number = Annotated[float, Field(ge=self.minimum, le=self.maximum)]
        return Annotated[number | None, Field(description=self.description)]

    def schema(self) -> dict[str, Any]:
        """It as a JSON schema (draft 2020-12)."""
        if self.words:
            kind: dict[str, Any] = {"type": "string", "enum": list(self.words)}
        else:
            kind = {"type": "number", "minimum": self.minimum, "maximum": self.maximum}
        given = {} if self.default is None else {"default": self.default}
        return {**kind, **given, "description": self.description}

    def read(self, text: str) -> str | float:
        """A form's text. Raises InvalidOption."""
        if self.words:
            if text in self.words:
                return text
        elif _NUMBER.fullmatch(text) and self.minimum is not None and self.maximum is not None:
            number = float(text)
            if self.minimum <= number <= self.maximum:
                return number
        raise InvalidOption(self.name, self.expected)


def options() -> tuple[Option, ...]:
    """All that are declared."""
    return _options_of(RenderOptions)


@cache
def _options_of(model: type[RenderOptions]) -> tuple[Option, ...]:
    schemas = model.model_json_schema()["properties"]
    return tuple(
        _declared(field, info, schemas[info.alias or field]) for field, info in model.model_fields.items()
    )


def option(name: str) -> Option:
    """That of this name."""
    return next(each for each in options() if each.name == name)


def form_texts(values: Mapping[str, object]) -> dict[str, str]:
    """Values by the names of their fields as a form's texts by those of the API; None is left out."""
    return {to_camel(field): _text(value) for field, value in values.items() if value is not None}


def _text(value: object) -> str:
    """Numbers to a hundredth, without an exponent."""
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)


def _declared(field: str, info: FieldInfo, schema: Mapping[str, Any]) -> Option:
    kind = info.annotation
    words = tuple(kind) if isinstance(kind, type) and issubclass(kind, StrEnum) else ()
    facts = {key: value for part in (schema, *schema.get("anyOf", ())) for key, value in part.items()}
    return Option(
        name=info.alias or field,
        field=field,
        default=info.default,
        description=info.description or "",
        shown=next(each for each in info.metadata if isinstance(each, Presentation)),
        words=tuple(str(word) for word in words),
        minimum=facts.get("minimum"),
        maximum=facts.get("maximum"),
    )
