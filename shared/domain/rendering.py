"""Filling placeholders: ``{{name}}`` becomes the variable ``name``; ``[[...]]`` stays as it is (contract, section 0, Kirisan 6).

A value is never searched for placeholders again, so no variable can smuggle one in.
"""

import html
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from pydantic import ValidationError

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
)

_OPENING: Final = "{{"
_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}\s](?:[^{}]*[^{}\s])?)\s*\}\}")

Variables = Mapping[str, str]


class MissingVariables(Exception):
    """A placeholder has no variable to fill it; ``names`` are in the order of their first appearance."""

    def __init__(self, names: list[str]) -> None:
        super().__init__(", ".join(names))
        self.names = names


def first_field(error: ValidationError) -> str:
    """Name the field that :func:`render` found to be wrong."""
    return ".".join(str(part) for part in error.errors(include_url=False, include_input=False)[0]["loc"])


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


def placeholders(body: TemplateBody | Inline) -> list[str]:
    """List the variables that a message or template needs, each once, in the order of appearance."""
    try:
        render(body, {})
    except MissingVariables as missing:
        return missing.names
    return []


def _render_message(body: Message, variables: Variables) -> Message:
    if _OPENING not in body.model_dump_json():
        return body
    filling = _Filling(variables)
    fields = filling.everywhere(dump(body))
    filling.check()
    return Message.model_validate(fields)


def _render_email(body: EmailBody, variables: Variables) -> EmailBody:
    filling = _Filling(variables)
    subject = filling.text(body.subject, _one_line)
    markup = filling.text(body.html, html.escape)
    plain = None if body.text is None else filling.text(body.text)
    attachments = None if body.attachments is None else filling.everywhere([dump(each) for each in body.attachments])
    filling.check()
    return EmailBody(subject=subject, html=markup, text=plain, attachments=attachments)


def _render_waba(body: WabaTemplate, variables: Variables) -> TemplateMessage:
    missing = [name for name in waba_templates.variable_names(body) if name not in variables]
    if missing:
        raise MissingVariables(missing)
    return waba_templates.fill(body, variables)


def _one_line(value: str) -> str:
    """Keep a value from adding lines to a header."""
    return " ".join(value.split())


class _Filling:
    """Fills one message, and notes what it has no variable for."""

    def __init__(self, variables: Variables) -> None:
        self._variables = variables
        self._missing: dict[str, None] = {}

    def text(self, text: str, convert: Callable[[str], str] = str) -> str:
        """Fill the placeholders of a text with converted values; one that cannot be filled stays."""
        return _PLACEHOLDER.sub(partial(self._value, convert), text) if _OPENING in text else text

    def everywhere(self, value: Any) -> Any:
        """Fill every text of a JSON value."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {name: self.everywhere(item) for name, item in value.items()}
        return [self.everywhere(item) for item in value] if isinstance(value, list) else value

    def check(self) -> None:
        """Raise :class:`MissingVariables` when something could not be filled."""
        if self._missing:
            raise MissingVariables(list(self._missing))

    def _value(self, convert: Callable[[str], str], placeholder: re.Match[str]) -> str:
        name = placeholder[1]
        if name in self._variables:
            return convert(self._variables[name])
        self._missing[name] = None
        return placeholder[0]
