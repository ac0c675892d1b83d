"""An operation as a line for the shell, from the document's own examples."""

import json
import re
from typing import Any, Final
from urllib.parse import urlencode

_FORM: Final = "multipart/form-data"
_PARAMETER: Final = re.compile(r"\{(\w+)\}")


def command(operation: dict[str, Any], base: str) -> str:
    """Write a ``curl`` that a person can try, with ``$TOKEN`` for the account's token."""
    parts = [f"curl {_method(operation)}'{base}{_target(operation)}'", *_headers(operation), *_body(operation)]
    return " \\\n  ".join(parts)


def _method(operation: dict[str, Any]) -> str:
    return "" if operation["method"] == "GET" else f"-X {operation['method']} "


def _target(operation: dict[str, Any]) -> str:
    given = {each["name"]: each["example"] for each in operation.get("parameters", ()) if "example" in each}
    query = {each["name"]: each["example"] for each in _required(operation) if each["in"] == "query" and "example" in each}
    path = _PARAMETER.sub(lambda found: str(given.get(found[1], f"{{{found[1]}}}")), operation["path"])
    return f"{path}?{urlencode(query)}" if query else path


def _required(operation: dict[str, Any]) -> list[dict[str, Any]]:
    return [each for each in operation.get("parameters", ()) if each["required"]]


def _headers(operation: dict[str, Any]) -> list[str]:
    return ['-H "Authorization: Bearer $TOKEN"'] if operation["security"] else []


def _body(operation: dict[str, Any]) -> list[str]:
    for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
        if "example" in content:
            if media_type == _FORM:
                return [f"-F '{name}={value}'" for name, value in content["example"].items()]
            text = json.dumps(content["example"], ensure_ascii=False).replace("'", "'\\''")
            return [f"-H 'Content-Type: {media_type}'", f"-d '{text}'"]
    return []
