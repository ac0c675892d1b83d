"""Filling placeholders: ``{{name}}`` becomes the variable ``name``; ``[[...]]`` stays as it is (contract, section 0, Kirisan 6).

A value is never searched for placeholders again, so no variable can smuggle one in.
"""

import html
import re
from collections.abc import Callable, Mapping
from typing import Any

from shared.domain import waba_templates
from shared.domain.content import (
    CloudMessage,
    EmailBody,
    Inline,
    Message,
    Rendered,
    TemplateBody,
    TemplateMessage,
    WabaTemplate,
    dump,
    strings,
)

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s](?:[^{}]*[^{}\s])?)\s*\}\}")

Variables = Mapping[str, str]


class MissingVariables(Exception):
    """A placeholder has no variable to fill it; ``names`` are in the order of their first appearance."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def render(body: TemplateBody | Inline, variables: Variables) -> Rendered:
    """Fill every placeholder of a message or template.

    Raises :class:`MissingVariables` when one cannot be filled: a customer never receives ``{{name}}``.
    """
    match body:
        case CloudMessage():
            return body
        case WabaTemplate():
            return _render_waba(body, variables)
        case EmailBody():
            return _render_email(body, variables)
        case Message():
            return _render_message(body, variables)


def placeholders(value: Any) -> list[str]:
    """List the names of all placeholders in a JSON value, each once, in order of appearance."""
    names = (match[1] for text in strings(value) for match in _PLACEHOLDER.finditer(text))
    return list(dict.fromkeys(names))


def _render_message(body: Message, variables: Variables) -> Message:
    fields = dump(body)
    _require(placeholders(fields), variables)
    return Message.model_validate(_substitute(fields, variables, str))


def _render_email(body: EmailBody, variables: Variables) -> EmailBody:
    _require(placeholders([body.subject, body.html, body.text]), variables)
    return EmailBody(
        subject=_fill(body.subject, variables, _one_line),
        html=_fill(body.html, variables, html.escape),
        text=None if body.text is None else _fill(body.text, variables, str),
    )


def _render_waba(body: WabaTemplate, variables: Variables) -> TemplateMessage:
    _require(waba_templates.variable_names(body), variables)
    return waba_templates.fill(body, variables)


def _require(names: list[str], variables: Variables) -> None:
    missing = [name for name in names if name not in variables]
    if missing:
        raise MissingVariables(missing)


def _one_line(value: str) -> str:
    """Keep a value from adding lines to a header."""
    return " ".join(value.split())


def _fill(text: str, variables: Variables, convert: Callable[[str], str]) -> str:
    return _PLACEHOLDER.sub(lambda match: convert(variables[match[1]]), text)


def _substitute(value: Any, variables: Variables, convert: Callable[[str], str]) -> Any:
    match value:
        case str():
            return _fill(value, variables, convert)
        case list():
            return [_substitute(item, variables, convert) for item in value]
        case dict():
            return {key: _substitute(item, variables, convert) for key, item in value.items()}
        case _:
            return value
