"""Whether a body is what a provider's published description takes."""

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

_HERE = "urn:published"


def errors(description: Any, pointer: str, body: Any) -> list[str]:
    """List what the schema at a JSON pointer of an OpenAPI description finds wrong in the body."""
    resource = Resource(contents=description, specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(_HERE, resource)
    validator = Draft202012Validator({"$ref": f"{_HERE}#{pointer}"}, registry=registry)
    return [error.message for error in validator.iter_errors(body)]
