"""From a WABA template's definition and named variables to the components Meta's send call wants.

Meta's definition lists components (``HEADER``, ``BODY``, ``FOOTER``, ``BUTTONS``); the send call repeats only those that have
parameters, each parameter in the order of its placeholder (Cloud API, template messages).
"""

import re
from collections.abc import Iterator, Mapping

from shared.domain.content import JsonObject, TemplateMessage, WabaTemplate

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_MEDIA_FORMATS = {"IMAGE": "image", "VIDEO": "video", "DOCUMENT": "document"}

Variables = Mapping[str, str]


def variable_names(template: WabaTemplate) -> list[str]:
    """List the variables a template needs, each once, in order of appearance."""
    texts = (text for component in template.components for text in _texts(component))
    return list(dict.fromkeys(_variable(template, match[1]) for text in texts for match in _PLACEHOLDER.finditer(text)))


def fill(template: WabaTemplate, variables: Variables) -> TemplateMessage:
    """Build the message; every name of :func:`variable_names` must be among the variables."""
    components = [built for component in template.components for built in _build(template, component, variables)]
    return TemplateMessage(name=template.name, language=template.language, components=tuple(components))


def _variable(template: WabaTemplate, placeholder: str) -> str:
    """Name the variable behind a placeholder: itself, or for ``{{2}}`` the second of the declared names."""
    if not placeholder.isdecimal():
        return placeholder
    position = int(placeholder) - 1
    return template.variables[position] if 0 <= position < len(template.variables) else placeholder


def _kind(component: JsonObject) -> str:
    return str(component.get("type", "")).upper()


def _texts(component: JsonObject) -> Iterator[str]:
    """Give the strings of a component that may hold placeholders."""
    yield str(component.get("text") or "")
    yield str(component.get("link") or "")
    for button in component.get("buttons") or ():
        yield str(button.get("url") or "")
        yield str(button.get("payload") or "")
        yield str(button.get("coupon_code") or "")


def _build(template: WabaTemplate, component: JsonObject, variables: Variables) -> Iterator[JsonObject]:
    match _kind(component):
        case "HEADER" if str(component.get("format", "TEXT")).upper() in _MEDIA_FORMATS:
            yield from _media_header(template, component, variables)
        case "HEADER" | "BODY" as kind:
            yield from _text_component(template, kind.lower(), str(component.get("text") or ""), variables)
        case "BUTTONS":
            yield from _buttons(template, component, variables)


def _media_header(template: WabaTemplate, component: JsonObject, variables: Variables) -> Iterator[JsonObject]:
    if not component.get("link"):
        return
    kind = _MEDIA_FORMATS[str(component["format"]).upper()]
    link = _fill(template, str(component["link"]), variables)
    yield {"type": "header", "parameters": [{"type": kind, kind: {"link": link}}]}


def _text_component(template: WabaTemplate, kind: str, text: str, variables: Variables) -> Iterator[JsonObject]:
    names = dict.fromkeys(match[1] for match in _PLACEHOLDER.finditer(text))
    if template.parameter_format == "positional":
        names = dict.fromkeys(sorted(names, key=_position))
    parameters = [_text_parameter(template, name, variables) for name in names]
    if parameters:
        yield {"type": kind, "parameters": parameters}


def _position(placeholder: str) -> int:
    return int(placeholder) if placeholder.isdecimal() else 0


def _text_parameter(template: WabaTemplate, placeholder: str, variables: Variables) -> JsonObject:
    parameter: JsonObject = {"type": "text", "text": variables[_variable(template, placeholder)]}
    if template.parameter_format == "named":
        parameter["parameter_name"] = placeholder
    return parameter


def _buttons(template: WabaTemplate, component: JsonObject, variables: Variables) -> Iterator[JsonObject]:
    for index, button in enumerate(component.get("buttons") or ()):
        parameter = _button_parameter(template, button, variables)
        if parameter:
            sub_type, value = parameter
            yield {"type": "button", "sub_type": sub_type, "index": str(index), "parameters": [value]}


def _button_parameter(template: WabaTemplate, button: JsonObject, variables: Variables) -> tuple[str, JsonObject] | None:
    """Give a button's sub type and parameter; a button without anything to fill takes none."""
    match _kind(button):
        case "URL" if found := _PLACEHOLDER.search(str(button.get("url") or "")):
            return "url", {"type": "text", "text": variables[_variable(template, found[1])]}
        case "QUICK_REPLY" if button.get("payload"):
            return "quick_reply", {"type": "payload", "payload": _fill(template, str(button["payload"]), variables)}
        case "COPY_CODE" if button.get("coupon_code"):
            return "copy_code", {"type": "coupon_code", "coupon_code": _fill(template, str(button["coupon_code"]), variables)}
        case _:
            return None


def _fill(template: WabaTemplate, text: str, variables: Variables) -> str:
    return _PLACEHOLDER.sub(lambda match: variables[_variable(template, match[1])], text)
