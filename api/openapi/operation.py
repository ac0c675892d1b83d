"""How a room declares what it serves.

Beside its ``routes.py`` each room has an ``operations.py`` with one tuple, ``OPERATIONS``: an :class:`Operation` for every
method of every route of its blueprint. Nothing has to be registered: :mod:`api.openapi.rooms` goes from the blueprints of the
app to the modules beside them. ``api/sends/operations.py`` is an example of all of it::

    _TAG = Tag(name="Sends", description="Sends as they stand, whatever dialect they were made in.")
    _ID = Parameter(name="identifier", where="path", description="The send's id.", type=Annotated[str, Field(pattern=...)])

    OPERATIONS: Final = (
        Operation(
            method="PATCH",
            path="/v1/sends/<identifier>",         # as the route has it
            name="move_send",                       # the operationId: verb_noun, unique in the whole api
            summary="Move a send",
            description="Gives a send that waits for its time another one, another expiry, or other variables.",
            tag=_TAG,
            parameters=(_ID,),
            body=Body(type=changes.Body, example={"schedule": 1795300000}),
            answers={200: Answer(description="The send as it then stands.", type=models.Told), **refusals(400, 404, 409)},
        ),
    )

A ``type`` is anything pydantic can describe: a model, ``int``, ``Literal["a", "b"]``, ``Annotated[str, Field(pattern=...)]``,
a union of models. The type of a body is the very model the route validates with. The types of answers are models in the room's
``models.py``, for which :class:`api.models.Answered` is the base: it forbids other fields, so that a field nobody has described
is found by the tests. A field that may be absent, but is never null, is written ``str | SkipJsonSchema[None] = None``; one that
may be null, and is always there, ``str | None``.

Every status that a route can answer is declared, but 500. :func:`api.openapi.refusals.refusals` has those of the native
envelope; a dialect with another shape makes a like function of its own. Of an operation with :attr:`Auth.TOKEN` the 401 is asked
for in the tests, and must be in the declared shape; of each route with an id, another account's is tried.

Descriptions are plain sentences in which backticks mark what is code and an empty line begins a paragraph.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Literal


class Auth(StrEnum):
    """What shows that a request may be made."""

    TOKEN = "token"  # noqa: S105 - the name of a way, not a secret.
    """An account token, as ``Authorization: Bearer``."""
    PROVIDER = "provider"
    """A provider's signature, or the secret it was given."""
    LINK = "link"
    """The signed token in the path itself."""
    NONE = "none"
    """Nothing: it tells nobody anything about an account."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tag:
    """A part of the api, under which its operations stand."""

    name: str
    description: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """A value outside the body."""

    name: str
    where: Literal["path", "query", "header"]
    description: str
    type: Any = str
    """What pydantic can describe."""
    required: bool = False
    """Those of the path always are."""
    example: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Body:
    """The body of a request."""

    type: Any
    """The model it is validated with."""
    example: Any = None
    """JSON that is accepted, for the page and its ``curl``; ``None`` where a person never makes the request."""
    media_type: str = "application/json"
    required: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What comes back with one status."""

    description: str
    type: Any = None
    """What pydantic can describe; ``None`` where there is no body."""
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    """What each header that is not on every answer says."""
    example: Any = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Operation:
    """One method of one route."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    path: str
    """As Flask has it: ``/v1/sends/<identifier>``."""
    name: str
    """The ``operationId``."""
    summary: str
    """A few words, for a list."""
    description: str
    """Full sentences: what it does, and what follows."""
    tag: Tag
    answers: Mapping[int, Answer]
    """By status."""
    auth: Auth = Auth.TOKEN
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
