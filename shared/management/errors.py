"""What can go wrong in managing things.

::

    ManagementError
     +-- NotFound       there is no such thing, or it is another account's
     +-- AlreadyExists  the name is taken
     +-- Invalid        a field is wrong; ``field`` names it
     +-- TooLate        it has gone further than this can be done
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError

_PROBLEMS: Final[Mapping[str, Callable[[Mapping[str, Any]], str]]] = {
    "enum": lambda limits: f"must be {limits['expected']}",
    "extra_forbidden": lambda _: "is not known",
    "literal_error": lambda limits: f"must be {limits['expected']}",
    "missing": lambda _: "is required",
}
"""What is said in words of ours, by pydantic's type of error."""


class ManagementError(Exception):
    """Something asked of the management functions cannot be done; the message is for people."""


class NotFound(ManagementError):
    """There is no such thing, or it is another account's."""


class AlreadyExists(ManagementError):
    """The name is taken."""


class TooLate(ManagementError):
    """It has gone further than this can be done."""


class Invalid(ManagementError):
    """A field is wrong."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


def invalid(error: ValidationError, inside: str) -> Invalid:
    """Turn the first complaint of a schema into ours, naming the field."""
    first = error.errors(include_url=False, include_input=False)[0]
    path = ".".join([inside, *(str(part) for part in first["loc"])])
    problem = _PROBLEMS.get(first["type"])
    return Invalid(path, problem(first.get("ctx", {})) if problem else first["msg"])
