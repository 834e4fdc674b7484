"""The pydantic bodies as JSON Schema, under the names they have here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema
from pydantic_core.core_schema import CoreSchema

from app.web.openapi.operations import Object

PLACE = "#/components/schemas/"


class _Untitled(GenerateJsonSchema):
    """Without a title for every member: it would be its name again."""

    def field_title_should_be_set(self, _schema: CoreSchema) -> bool:
        return False


@cache
def components(answered: tuple[type[BaseModel], ...], asked: tuple[type[BaseModel], ...]) -> Object:
    """The schemas of what we answer with, and of what we are asked with, by the models' names."""
    pairs = [*_in_mode(answered, "serialization"), *_in_mode(asked, "validation")]
    _, found = models_json_schema(pairs, ref_template=f"{PLACE}{{model}}", schema_generator=_Untitled)
    schemas: Object = found["$defs"]
    return schemas


def reference(model: type[BaseModel]) -> Object:
    return {"$ref": f"{PLACE}{model.__name__}"}


def any_of(models: Sequence[type[BaseModel]]) -> Object:
    """The schema of a body that is one of these."""
    first, *others = models
    return {"anyOf": [reference(model) for model in models]} if others else reference(first)


def _in_mode(
    models: Iterable[type[BaseModel]], mode: JsonSchemaMode
) -> list[tuple[type[BaseModel], JsonSchemaMode]]:
    return [(model, mode) for model in dict.fromkeys(models)]
