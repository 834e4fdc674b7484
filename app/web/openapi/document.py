"""The OpenAPI document of an application (OpenAPI 3.1.1), in the order of its routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from flask import Flask
from pydantic.alias_generators import to_camel
from werkzeug.routing import Rule

from app.config.settings import Settings
from app.errors import MissingApiKey
from app.schemas.jobs import StatusBody
from app.schemas.service import ErrorBody
from app.web.http.auth import needs_key
from app.web.limits.rate_limit import is_counted
from app.web.openapi import errors, schemas
from app.web.openapi.operations import Answer, Object, Operation, Parameter, Sent, Tag, operation_of
from app.web.openapi.parameters import PATH_PARAMETERS, RATE_LIMIT, as_objects
from app.web.openapi.webhooks import webhooks

INTRODUCTION = """A portrait and a voice in, a talking video out.

JSON is camelCase; times are ISO 8601 in UTC. A refusal is `{"error": "<a sentence>", "code": "<word>"}`.
What takes GET takes HEAD, too."""
SECURITY_SCHEMES = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
#: Flask's own answers.
_AUTOMATIC = frozenset({"HEAD", "OPTIONS"})
_VARIABLE = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Described:
    """A route and what its view says of itself."""

    rule: Rule
    method: str
    operation: Operation

    @property
    def path(self) -> str:
        """As OpenAPI writes it: `/api/jobs/{jobId}`."""
        return _VARIABLE.sub(lambda found: "{" + to_camel(found[1]) + "}", self.rule.rule)

    @property
    def id(self) -> str:
        """`getApiJobsJobId`"""
        words = re.findall(r"[a-zA-Z]+", self.path)
        return self.method.lower() + "".join(word[0].upper() + word[1:] for word in words)


def document_of(app: Flask, settings: Settings) -> Object:
    """Everything that the application's views say of themselves by `described`."""
    found = list(routes(app))
    paths: Object = {}
    for each in found:
        paths.setdefault(each.path, {})[each.method.lower()] = _operation(each)
    return {
        "openapi": "3.1.1",
        "info": {"title": "Talkreel", "version": version("talkreel"), "description": INTRODUCTION},
        # Seen from the document: wherever the service stands, also below a path of a proxy's.
        "servers": [{"url": "..", "description": "This service"}],
        "security": [{"apiKey": []}, {"bearer": []}],
        "tags": [{"name": tag} for tag in Tag],
        "paths": paths,
        "webhooks": webhooks(settings.webhook_retry_schedule),
        "components": {"schemas": _schemas(found), "securitySchemes": SECURITY_SCHEMES},
    }


def routes(app: Flask) -> Iterator[Described]:
    """Every route that is described, with each of its methods."""
    for rule in app.url_map.iter_rules():
        if operation := operation_of(app.view_functions[rule.endpoint]):
            for method in sorted((rule.methods or set()) - _AUTOMATIC):
                yield Described(rule, method, operation)


def _schemas(found: list[Described]) -> Object:
    answered = [model for each in found for answer in each.operation.answers for model in answer.models]
    asked = [each.operation.sent.model for each in found if each.operation.sent and each.operation.sent.model]
    return schemas.components((ErrorBody, StatusBody, *answered), tuple(asked))


def _operation(described: Described) -> Object:
    operation, rule = described.operation, described.rule
    is_keyed = needs_key(rule.rule) or MissingApiKey in operation.raises
    variables = [PATH_PARAMETERS[name] for name in _VARIABLE.findall(rule.rule)]
    return {
        "summary": operation.summary,
        "description": operation.details,
        "tags": [operation.tag],
        "operationId": described.id,
        **({} if is_keyed else {"security": []}),
        "parameters": [_parameter(each) for each in (*variables, *operation.parameters)],
        **({"requestBody": _request_body(operation.sent)} if operation.sent else {}),
        "responses": _responses(operation, rule.rule),
    }


def _parameter(parameter: Parameter) -> Object:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.required,
        "description": parameter.description,
        "schema": parameter.schema,
    }


def _request_body(sent: Sent) -> Object:
    schema = schemas.reference(sent.model) if sent.model else sent.schema
    return {"required": True, "content": {sent.media_type: {"schema": schema, "encoding": sent.encoding}}}


def _responses(operation: Operation, path: str) -> Object:
    shared = as_objects(RATE_LIMIT if is_counted(path) else ())
    answers = {str(answer.status): _response(answer, shared) for answer in operation.answers}
    refused = errors.by_status((*operation.raises, *errors.of_every(path)), shared)
    for status in answers.keys() & refused.keys():
        # A refusal that is a page for people, too.
        refused[status]["content"] |= answers[status]["content"]
    return answers | refused


def _response(answer: Answer, shared: Object) -> Object:
    content = {"schema": schemas.any_of(answer.models)} if answer.models else {}
    return {
        "description": answer.description,
        "headers": as_objects(answer.headers) | shared,
        "content": {answer.media_type: content} if answer.media_type else {},
        "links": {name: {"operationId": name, "parameters": found} for name, found in answer.links.items()},
    }
