"""Reading the fields of a provider's request: the first that is missing or wrong is named."""

import json
import math
from typing import Any
from urllib.parse import urlsplit

Json = dict[str, Any]


class InvalidFieldError(Exception):
    """A field is missing, or holds what the provider does not take."""

    def __init__(self, path: str, problem: str, *, missing: bool = False) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path
        self.problem = problem
        self.missing = missing


class Fields:
    """A JSON object of a request, with the path it stands at."""

    def __init__(self, values: Json, path: str = "") -> None:
        self.values = values
        self._path = path

    @classmethod
    def parse(cls, body: bytes) -> "Fields":
        """Read a request's JSON body, which must be an object."""
        try:
            values = json.loads(body.decode())
        except ValueError:
            raise InvalidFieldError("body", "must be valid JSON") from None
        return cls(_object(values, "body"))

    def __contains__(self, name: str) -> bool:
        return self.values.get(name) is not None

    def path(self, name: str) -> str:
        """Name a field from the top of the request."""
        return f"{self._path}.{name}" if self._path else name

    def wrong(self, name: str, problem: str) -> InvalidFieldError:
        """Make the error for a field."""
        return InvalidFieldError(self.path(name), problem)

    def required(self, name: str) -> Any:
        """Give a field of any type."""
        if name not in self:
            raise InvalidFieldError(self.path(name), "is required", missing=True)
        return self.values[name]

    def text(self, name: str, limit: int | None = None) -> str:
        """Give a string that is not empty and at most ``limit`` characters long."""
        value = self.required(name)
        if not isinstance(value, str):
            raise self.wrong(name, "must be a string")
        if not value.strip():
            raise self.wrong(name, "must not be empty")
        if limit is not None and len(value) > limit:
            raise self.wrong(name, f"must be at most {limit} characters long")
        return value

    def text_or(self, name: str, default: str, limit: int | None = None) -> str:
        """Give a string, or the default where there is none."""
        return self.text(name, limit) if self.values.get(name) not in {None, ""} else default

    def choice(self, name: str, options: frozenset[str]) -> str:
        """Give a string that is one of the options."""
        value = self.text(name)
        if value not in options:
            raise self.wrong(name, f"must be one of {', '.join(sorted(options))}")
        return value

    def number(self, name: str, bound: float = math.inf) -> float:
        """Give a number from ``-bound`` to ``bound``."""
        value = self.required(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(name, "must be a number")
        return self._bounded(name, value, bound)

    def decimal(self, name: str, bound: float) -> float:
        """Give a number that is written as a string or as a number."""
        try:
            value = float(self.required(name))
        except (TypeError, ValueError):
            raise self.wrong(name, "must be a number") from None
        return self._bounded(name, value, bound)

    def url(self, name: str) -> str:
        """Give an http or https URL."""
        value = self.text(name)
        if not is_http_url(value):
            raise self.wrong(name, "must be an http or https URL")
        return value

    def object(self, name: str) -> "Fields":
        """Give a nested object."""
        return Fields(_object(self.required(name), self.path(name)), self.path(name))

    def objects(self, name: str, least: int = 1, most: int | None = None) -> "list[Fields]":
        """Give a list of objects with from ``least`` to ``most`` members."""
        values = self.required(name)
        if not isinstance(values, list):
            raise self.wrong(name, "must be an array")
        if len(values) < least or (most is not None and len(values) > most):
            raise self.wrong(name, f"must have {least} to {most or 'any number of'} members")
        paths = [f"{self.path(name)}[{index}]" for index in range(len(values))]
        return [Fields(_object(value, path), path) for value, path in zip(values, paths, strict=True)]

    def _bounded(self, name: str, value: float, bound: float) -> float:
        if math.isnan(value) or abs(value) > bound:
            raise self.wrong(name, f"must lie between -{bound} and {bound}")
        return value


def is_http_url(value: str) -> bool:
    """Tell whether a string is an http or https URL with a host."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _object(value: Any, path: str) -> Json:
    if not isinstance(value, dict):
        raise InvalidFieldError(path, "must be an object")
    return value
