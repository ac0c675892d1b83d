"""Whether a body is what a provider's published description takes."""

from typing import Any

from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

_HERE = "urn:published"


def errors(description: Any, pointer: str, body: Any) -> list[str]:
    """List what the schema at a JSON pointer of an OpenAPI description finds wrong in the body."""
    resource = DRAFT202012.create_resource(_as_meant(description))
    registry: Registry[Any] = Registry().with_resource(_HERE, resource)
    validator = Draft202012Validator({"$ref": f"{_HERE}#{pointer}"}, registry=registry)
    return [error.message for error in validator.iter_errors(body)]


def _as_meant(node: Any) -> Any:
    """Close a composed object as a whole where one of its parts is closed.

    Meta closes the part that a message adds to the common properties, which by the letter refuses the common ones.
    """
    if isinstance(node, list):
        return [_as_meant(item) for item in node]
    if not isinstance(node, dict):
        return node
    meant = {name: _as_meant(value) for name, value in node.items()}
    parts = meant.get("allOf", [])
    if not any(part.get("additionalProperties") is False for part in parts):
        return meant
    opened = [{name: value for name, value in part.items() if name != "additionalProperties"} for part in parts]
    return {**meant, "allOf": opened, "unevaluatedProperties": False}
