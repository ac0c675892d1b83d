"""The JSON schemas of everything operations name, by pydantic's own generator: what is told is what is validated with."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from pydantic import TypeAdapter
from pydantic.json_schema import CoreRef, DefsRef, GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from api.openapi.operation import Operation

JsonObject = dict[str, Any]
Place = tuple[str, str | int]
"""Where a type stands: an operation's name, and the name of a parameter, ``body``, or the status of an answer."""

BODY: Final = "body"
_REFERENCE: Final = "#/components/schemas/{model}"


_IN_DIALECT: Final = re.compile(r"(api\.dialects\.(\w+)\.(?:\w+\.)*)(\w+)")


class _Generator(GenerateJsonSchema):
    """Names a dialect's models after it, and leaves out titles that repeat names, and defaults that are no value."""

    def get_defs_ref(self, core_mode_ref: tuple[CoreRef, JsonSchemaMode]) -> DefsRef:
        reference, mode = core_mode_ref
        return super().get_defs_ref((CoreRef(_IN_DIALECT.sub(_after_dialect, reference)), mode))

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        described = super().default_schema(schema)
        return {name: value for name, value in described.items() if name != "default" or _is_value(value)}

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature.
        return False


class Schemas:
    """The schemas of a set of operations, and the models they share."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        described = [each for operation in operations for each in _types(operation)]
        adapters = [(place, mode, TypeAdapter(each)) for place, mode, each in described]
        found, shared = TypeAdapter.json_schemas(adapters, ref_template=_REFERENCE, schema_generator=_Generator)
        self._found = {place: schema for (place, _), schema in found.items()}
        self.components: JsonObject = {name: _for_people(schema) for name, schema in shared.get("$defs", {}).items()}

    def at(self, place: Place) -> JsonObject:
        """Give the schema of the type that stands there."""
        return dict(self._found[place])


def _for_people(schema: JsonObject) -> JsonObject:
    """Write a model's docstring as descriptions are written, with single backticks."""
    return {name: value.replace("``", "`") if name == "description" else value for name, value in schema.items()}


def _after_dialect(name: re.Match[str]) -> str:
    return f"{name[1]}{name[2].title()}{name[3]}"


def _is_value(default: Any) -> bool:
    """Tell a value from what stands for a field left out: a null, something empty, an object of such."""
    return any(map(_is_value, default.values())) if isinstance(default, dict) else default not in (None, "", [])


def _types(operation: Operation) -> Iterator[tuple[Place, JsonSchemaMode, Any]]:
    for parameter in operation.parameters:
        yield (operation.name, parameter.name), "validation", parameter.type
    if operation.body is not None:
        yield (operation.name, BODY), "validation", operation.body.type
    for status, answer in operation.answers.items():
        if answer.type is not None:
            yield (operation.name, status), "serialization", answer.type
