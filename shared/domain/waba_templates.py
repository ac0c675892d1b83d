"""From a WABA template's definition and named variables to the components Meta's send call wants.

Meta's definition lists components (``HEADER``, ``BODY``, ``FOOTER``, ``BUTTONS``); the send call repeats only those that have
parameters, each parameter in the order of its placeholder (Cloud API, template messages).
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from shared.domain.content import JsonObject, TemplateMessage, WabaTemplate

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA_FORMATS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}

Variables = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Names:
    """The variables behind the placeholders of one text.

    Meta numbers each component and each button from 1; the declared variables are numbered through the whole template.
    """

    declared: tuple[str, ...]
    before: int
    """How many numbers the texts before this one have used."""

    def of(self, placeholder: str) -> str:
        """Name a placeholder's variable: itself, or for a number the declared name at its place."""
        if not placeholder.isdecimal():
            return placeholder
        number = self.before + int(placeholder)
        return self.declared[number - 1] if 1 <= number <= len(self.declared) else str(number)

    def fill(self, text: str, variables: Variables) -> str:
        """Put the values in the places of their placeholders."""
        return _PLACEHOLDER.sub(lambda match: variables[self.of(match[1])], text)

    def after(self, *texts: str) -> "_Names":
        """Give the names of the text that follows some texts."""
        numbers = [int(found) for text in texts for found in _PLACEHOLDER.findall(text) if found.isdecimal()]
        return _Names(self.declared, self.before + max(numbers, default=0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A component of a template, or one of its buttons, which has its ``index``."""

    definition: JsonObject
    """Meta's own."""
    variables: tuple[str, ...]
    """The names of those that fill it, each once, in order of appearance."""


def parts(template: WabaTemplate) -> list[Part]:
    """List what a template consists of."""
    return [Part(definition=part, variables=_variables(part, names)) for part, names in _parts(template)]


def _variables(part: JsonObject, names: _Names) -> tuple[str, ...]:
    found = (placeholder for text in _texts(part) for placeholder in _PLACEHOLDER.findall(text))
    return tuple(dict.fromkeys(names.of(placeholder) for placeholder in found))


def variable_names(template: WabaTemplate) -> list[str]:
    """List the variables a template needs, each once, in order of appearance."""
    return list(dict.fromkeys(name for part in parts(template) for name in part.variables))


def fill(template: WabaTemplate, variables: Variables) -> TemplateMessage:
    """Build the message; every name of :func:`variable_names` must be among the variables."""
    built = (_build(template, part, names, variables) for part, names in _parts(template))
    components = tuple(component for component in built if component)
    return TemplateMessage(name=template.name, language=template.language, components=components)


def _parts(template: WabaTemplate) -> Iterator[tuple[JsonObject, _Names]]:
    """Give the components that may hold placeholders, each button as one of its own with its index."""
    names = _Names(template.variables, 0)
    for part in _flat(template.components):
        yield part, names
        names = names.after(*_texts(part))


def _flat(components: Iterable[JsonObject]) -> Iterator[JsonObject]:
    for component in components:
        if _kind(component) == "BUTTONS":
            yield from ({**button, "index": str(index)} for index, button in enumerate(component.get("buttons") or ()))
        else:
            yield component


def _kind(component: JsonObject) -> str:
    return str(component.get("type", "")).upper()


def _texts(part: JsonObject) -> list[str]:
    """Give the strings of a part that may hold placeholders."""
    names = ("url", "payload", "coupon_code") if "index" in part else ("text", "link")
    return [str(part.get(name) or "") for name in names]


def _build(template: WabaTemplate, part: JsonObject, names: _Names, variables: Variables) -> JsonObject | None:
    """Build a part's component; one without anything to fill has none."""
    match _kind(part):
        case "HEADER" if str(part.get("format", "TEXT")).upper() in _MEDIA_FORMATS:
            return _media_header(part, names, variables)
        case "HEADER" | "BODY" as kind:
            return _text_component(template, kind.lower(), str(part.get("text") or ""), names, variables)
        case "URL" | "QUICK_REPLY" | "COPY_CODE" as kind:
            return _button(kind, part, names, variables)
        case _:
            return None


def _media_header(part: JsonObject, names: _Names, variables: Variables) -> JsonObject | None:
    if not part.get("link"):
        return None
    kind = _MEDIA_FORMATS[str(part["format"]).upper()]
    return {"type": "header", "parameters": [{"type": kind, kind: {"link": names.fill(str(part["link"]), variables)}}]}


def _text_component(template: WabaTemplate, kind: str, text: str, names: _Names, variables: Variables) -> JsonObject | None:
    placeholders = list(dict.fromkeys(_PLACEHOLDER.findall(text)))
    if template.parameter_format == "positional":
        placeholders.sort(key=_position)
    named = template.parameter_format == "named"
    parameters = [
        {"type": "text", "text": variables[names.of(each)], **({"parameter_name": each} if named else {})} for each in placeholders
    ]
    return {"type": kind, "parameters": parameters} if parameters else None


def _position(placeholder: str) -> int:
    return int(placeholder) if placeholder.isdecimal() else 0


def _button(kind: str, part: JsonObject, names: _Names, variables: Variables) -> JsonObject | None:
    parameter = _button_parameter(kind, part, names, variables)
    if parameter is None:
        return None
    return {"type": "button", "sub_type": kind.lower(), "index": part["index"], "parameters": [parameter]}


def _button_parameter(kind: str, part: JsonObject, names: _Names, variables: Variables) -> JsonObject | None:
    """Give what fills a button: of a link, only the part that differs is sent."""
    found = _PLACEHOLDER.search(str(part.get("url") or ""))
    if kind == "URL":
        return {"type": "text", "text": variables[names.of(found[1])]} if found else None
    name = "payload" if kind == "QUICK_REPLY" else "coupon_code"
    return {"type": name, name: names.fill(str(part[name]), variables)} if part.get(name) else None
