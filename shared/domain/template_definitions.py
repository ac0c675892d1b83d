"""A WABA template's definition at Meta, and as it is kept here.

Kept here is Meta's own definition with what only a send needs: the ``variables`` that name positional placeholders, the ``link``
of a header's file, and what fills buttons. Meta neither takes nor gives these back.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.content import JsonObject, WabaTemplate

_OWN: Final[Mapping[str, tuple[str, ...]]] = {
    "HEADER": ("link",),
    "QUICK_REPLY": ("payload",),
    "COPY_CODE": ("coupon_code",),
}
"""What is ours in a component or a button, by its type."""
_BUTTONS: Final = "BUTTONS"

CATEGORIES: Final = ("AUTHENTICATION", "MARKETING", "UTILITY")


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    """A template as Meta lists it."""

    provider_id: str
    status: str
    """Meta's."""
    rejected_reason: str | None
    category: str | None
    quality: str | None
    """``GREEN``, ``YELLOW``, ``RED`` or ``UNKNOWN``."""
    definition: WabaTemplate
    """Without anything of ours."""


def to_submit(template: WabaTemplate, category: str) -> JsonObject:
    """Give what Meta is to make a template of: the components as they are, but for what is ours."""
    return {
        "name": template.name,
        "language": template.language,
        "category": category,
        "parameter_format": template.parameter_format.upper(),
        "components": [_without_own(component) for component in template.components],
    }


def merged(listed: WabaTemplate, kept: WabaTemplate | None) -> WabaTemplate:
    """Give Meta's definition with what is ours of the one that was kept until now, as far as its parts are still there."""
    if kept is None:
        return listed
    components = tuple(_with_own(component, _like(component, kept.components)) for component in listed.components)
    return listed.model_copy(update={"variables": kept.variables, "components": components})


def _like(part: JsonObject, parts: Iterable[JsonObject]) -> JsonObject:
    """Give the first part of the same type; an empty one where there is none."""
    return next((each for each in parts if _kind(each) == _kind(part)), {})


def _with_own(component: JsonObject, kept: JsonObject) -> JsonObject:
    if _kind(component) == _BUTTONS:
        pairs = zip(_buttons(component), _padded(kept, len(_buttons(component))), strict=True)
        return {**component, "buttons": [_filled(button, was) for button, was in pairs]}
    return _filled(component, kept)


def _filled(part: JsonObject, kept: JsonObject) -> JsonObject:
    """Add what is ours of a part that was of the same type, and a header of the same format."""
    own = {name: kept[name] for name in _OWN.get(_kind(part), ()) if name in kept and name not in part}
    same = (_kind(part), part.get("format")) == (_kind(kept), kept.get("format"))
    return {**part, **own} if same else part


def _padded(kept: JsonObject, length: int) -> list[JsonObject]:
    buttons = _buttons(kept)[:length]
    return buttons + [{}] * (length - len(buttons))


def _without_own(component: JsonObject) -> JsonObject:
    if _kind(component) == _BUTTONS:
        return {**component, "buttons": [_stripped(button) for button in _buttons(component)]}
    return _stripped(component)


def _stripped(part: JsonObject) -> JsonObject:
    own = _OWN.get(_kind(part), ())
    return {name: value for name, value in part.items() if name not in own}


def _buttons(component: JsonObject) -> list[JsonObject]:
    listed: Any = component.get("buttons")
    return [button for button in listed if isinstance(button, dict)] if isinstance(listed, list) else []


def _kind(part: JsonObject) -> str:
    return str(part.get("type", "")).upper()
