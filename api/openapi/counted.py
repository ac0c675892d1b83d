"""The answers of routes whose requests are counted."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from api.openapi.operation import Answer
from api.openapi.refusals import refusals

_LIMITED: Final = {
    "X-RateLimit-Limit": "Requests of this kind, reading or writing, that the account may make in a minute.",
    "X-RateLimit-Remaining": "Requests that could follow at once.",
    "X-RateLimit-Reset": "When all of them could, in unix seconds.",
}
_NOT_COUNTED: Final = frozenset({401, 503})


def managed(status: int, answer: Answer, *others: int, more: Mapping[int, Answer] | None = None) -> Mapping[int, Answer]:
    """Give the answers of a route that :func:`api.auth.manager` guards, ``more`` of them in words of their own."""
    return answers(status, answer, *others, 403, conflict=more)


def answers(status: int, answer: Answer, *others: int, conflict: Mapping[int, Answer] | None = None) -> Mapping[int, Answer]:
    """Give the answers of a route: the headers stand on all but those of nobody known.

    Args:
        status: That of success.
        answer: Success itself.
        others: The statuses of refusals, beside those of every such route.
        conflict: A 409 in words of its own.
    """
    given = {status: answer, **refusals(*others), **(conflict or {})}
    return {
        code: each if code in _NOT_COUNTED else replace(each, headers={**each.headers, **_LIMITED}) for code, each in given.items()
    }
