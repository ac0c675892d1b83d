"""The OpenAPI 3.1.0 document of an app.

It is assembled here and by no library: pydantic makes the schemas, which is all the work there is; apispec would add a plugin that
only writes its references, and the frameworks that do more take over the routing.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from api.openapi.operation import Answer, Auth, Operation, Parameter, Tag
from api.openapi.schemas import BODY, JsonObject, Schemas
from api.request_ids import HEADER

_VARIABLE: Final = re.compile(r"<(?:\w+:)?(\w+)>")
_SCHEME: Final = "accountToken"
_TEXT: Final = {"type": "string"}

_DESCRIPTION: Final = """antar brings one message to one recipient over several channels, tier by tier.

Every answer carries `X-Request-Id`. A request that fails by a fault of antar's own is answered with 500, in the shape of its
dialect.
"""


def path_of(rule: str) -> str:
    """Write a path as OpenAPI has it: ``/v1/sends/{identifier}``."""
    return _VARIABLE.sub(r"{\1}", rule)


def build(operations: Sequence[Operation], *, version: str, public_url: str) -> JsonObject:
    """Assemble the document. Raises :class:`pydantic.errors.PydanticUserError` for a type that has no schema."""
    schemas = Schemas(operations)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "antar",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": public_url}],
        "tags": [{"name": tag.name, "description": tag.description} for tag in tags(operations)],
        "paths": _paths(operations, schemas),
        "components": {
            "schemas": schemas.components,
            "securitySchemes": {
                _SCHEME: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An account token: `antar token create` prints one, once.",
                }
            },
        },
    }


def tags(operations: Iterable[Operation]) -> tuple[Tag, ...]:
    """Give the parts of the api in the order of their first operations."""
    return tuple({operation.tag.name: operation.tag for operation in operations}.values())


def _paths(operations: Iterable[Operation], schemas: Schemas) -> JsonObject:
    paths: JsonObject = {}
    for operation in operations:
        paths.setdefault(path_of(operation.path), {})[operation.method.lower()] = _operation(operation, schemas)
    return paths


def _operation(operation: Operation, schemas: Schemas) -> JsonObject:
    parameters = [_parameter(each, schemas.at((operation.name, each.name))) for each in operation.parameters]
    return {
        "tags": [operation.tag.name],
        "operationId": operation.name,
        "summary": operation.summary,
        "description": operation.description,
        **({"parameters": parameters} if parameters else {}),
        **_body(operation, schemas),
        "responses": {
            str(status): _answer(operation, status, answer, schemas) for status, answer in sorted(operation.answers.items())
        },
        "security": [{_SCHEME: []}] if operation.auth is Auth.TOKEN else [],
    }


def _parameter(parameter: Parameter, schema: JsonObject) -> JsonObject:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "description": parameter.description,
        "required": parameter.required or parameter.where == "path",
        "schema": schema,
        **_example(parameter.example),
    }


def _body(operation: Operation, schemas: Schemas) -> JsonObject:
    body = operation.body
    if body is None:
        return {}
    content = {body.media_type: {"schema": schemas.at((operation.name, BODY)), **_example(body.example)}}
    return {"requestBody": {"required": body.required, "content": content}}


def _answer(operation: Operation, status: int, answer: Answer, schemas: Schemas) -> JsonObject:
    headers = {name: {"description": text, "schema": _TEXT} for name, text in _headers(answer).items()}
    described: JsonObject = {"description": answer.description, "headers": headers}
    if answer.type is not None:
        described["content"] = {answer.media_type: {"schema": schemas.at((operation.name, status)), **_example(answer.example)}}
    return described


def _headers(answer: Answer) -> Mapping[str, str]:
    return {HEADER: "The id of the request.", **answer.headers}


def _example(example: Any) -> JsonObject:
    return {} if example is None else {"example": example}
