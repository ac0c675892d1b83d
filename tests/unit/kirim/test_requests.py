"""What a message request may say."""

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.dialects.kirim import planning, schema
from api.dialects.kirim.fields import INVALID_PHONE_NUMBER
from api.dialects.kirim.schema import TemplateName
from api.errors import InvalidRequest
from shared.management.meta_templates import MetaTemplate
from tests.unit.kirim.examples import BUTTONS, COMPONENTS, CTA_URL, LIST, PRINTED

Json = dict[str, Any]

_TO = "+628111111111"
_CDN = "https://cdn.example.com/a"


def parse(message: Json) -> schema.Request:
    return schema.parse(json.dumps({"to": _TO, **message}).encode())


def refused(message: Any) -> InvalidRequest:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    with pytest.raises(InvalidRequest) as refusal:
        schema.parse(body)
    assert (refusal.value.status, refusal.value.kind) == (400, "invalid_request_error")
    return refusal.value


def changed(message: Json, path: str, value: Any) -> Json:
    """Give a copy with another value at a path."""
    copy: Any = deepcopy(message)
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    inside = copy
    for part in way:
        inside = inside[part]
    inside[last] = value
    return dict(copy)


@pytest.mark.parametrize("kind", PRINTED)
def test_what_the_contract_prints_goes_to_meta_in_its_shape(kind: str) -> None:
    message, cloud = PRINTED[kind]
    parsed = parse(message)
    assert (parsed.to, parsed.sender) == (_TO, None)
    assert (parsed.content.kind, parsed.content.cloud) == (message["type"], cloud)


def test_the_number_to_send_from_is_named() -> None:
    assert parse({"from": "+628511760008029", **PRINTED["text"][0]}).sender == "+628511760008029"


@pytest.mark.parametrize(
    ("message", "cloud"),
    [
        ({"type": "image", "image": {"link": _CDN}}, {"link": _CDN}),
        ({"type": "image", "image": {"link": "https://b.example/b", "url": _CDN}}, {"link": _CDN}),
        ({"type": "image", "image": {"url": _CDN, "caption": None, "filename": "a"}}, {"link": _CDN}),
        ({"type": "audio", "audio": {"url": _CDN, "caption": "unheard"}}, {"link": _CDN}),
        ({"type": "text", "text": {"body": "x" * 4096, "unknown": 1}, "unknown": {}}, {"body": "x" * 4096}),
        (
            {"type": "template", "template": {"name": "a", "language": {"code": "id"}}},
            {"name": "a", "language": {"code": "id"}},
        ),
        (
            {"type": "template", "template": {"name": "a", "language": "id", "components": []}},
            {"name": "a", "language": {"code": "id"}, "components": []},
        ),
    ],
)
def test_what_else_is_understood(message: Json, cloud: Json) -> None:
    assert parse(message).content.cloud == cloud


def test_components_and_interactive_go_as_they_came() -> None:
    components = [{**COMPONENTS[0], "unknown": None, "nested": [1, 2.5, True, None]}]
    template = parse({"type": "template", "template": {"name": "a", "language": "id", "components": components}})
    assert template.content.cloud["components"] == components
    interactive = {**CTA_URL, "footer": None, "unknown": {"of": "Meta"}}
    assert parse({"type": "interactive", "interactive": interactive}).content.cloud == interactive


def test_only_a_template_has_a_name_to_look_up() -> None:
    assert parse(PRINTED["template"][0]).template == TemplateName(name="order_confirmation", language="id_ID")
    assert parse(PRINTED["list"][0]).template is None


_MISSING: list[tuple[Json, str]] = [
    ({}, "type"),
    ({"type": None, "to": _TO}, "type"),
    ({"type": "text", "text": {"body": "a"}}, "to"),
    ({"to": None, "type": "text", "text": {"body": "a"}}, "to"),
    ({"to": _TO, "type": "text"}, "text"),
    ({"to": _TO, "type": "text", "text": {}}, "text.body"),
    ({"to": _TO, "type": "text", "text": {"body": None}}, "text.body"),
    ({"to": _TO, "type": "template", "template": {"language": "id"}}, "template.name"),
    ({"to": _TO, "type": "template", "template": {"name": "a"}}, "template.language"),
    *(({"to": _TO, "type": kind, kind: {"caption": "a"}}, f"{kind}.url") for kind in ("image", "document", "video", "audio")),
    ({"to": _TO, "type": "interactive"}, "interactive"),
    ({"to": _TO, "type": "interactive", "interactive": {}}, "interactive.type"),
    ({"to": _TO, "type": "interactive", "interactive": {"type": "list"}}, "interactive.body"),
    (
        {"to": _TO, "type": "interactive", "interactive": changed(CTA_URL, "action.parameters", {})},
        "interactive.action.parameters.display_text",
    ),
    ({"to": _TO, "type": "interactive", "interactive": changed(LIST, "header", {"type": "text"})}, "interactive.header.text"),
    (
        {"to": _TO, "type": "interactive", "interactive": changed(LIST, "action.sections.0.rows.1", {"id": "a"})},
        "interactive.action.sections.0.rows.1.title",
    ),
    ({"to": _TO, "type": "interactive", "interactive": changed(BUTTONS, "header", {"type": "text"})}, "interactive.header.text"),
    (
        {"to": _TO, "type": "interactive", "interactive": changed(BUTTONS, "header.image", {"id": None})},
        "interactive.header.image.link",
    ),
]


@pytest.mark.parametrize(("message", "param"), _MISSING)
def test_what_is_missing_is_named(message: Json, param: str) -> None:
    refusal = refused(message)
    assert (refusal.code, refusal.param, refusal.message) == ("missing_required_field", param, f"{param} is required")


_NUMBERS = [
    "",
    "628123456789",
    "+62 812 3456 789",
    "+0628123456789",
    "+62",
    "+" + "9" * 16,
    "abc",
    628123456789,
    True,
    ["+628111111111"],
]


@pytest.mark.parametrize("number", _NUMBERS)
@pytest.mark.parametrize("field", ["to", "from"])
def test_a_number_is_e164(field: str, number: Any) -> None:
    refusal = refused({"to": _TO, **PRINTED["text"][0], field: number})
    assert (refusal.code, refusal.param) == ("invalid_phone_number", field)
    assert refusal.message == INVALID_PHONE_NUMBER == "Phone number must be in E.164 format (e.g. +628123456789)."


def _wrong(message: Json, path: str, value: Any, problem: str) -> Any:
    return pytest.param({"to": _TO, **changed(message, path, value)}, path, problem, id=f"{path}={str(value)[:20]}")


_TEXT, _TEMPLATE, _IMAGE, _DOCUMENT = (PRINTED[kind][0] for kind in ("text", "template", "image", "document"))
_CTA_URL, _LIST, _BUTTONS = (PRINTED[kind][0] for kind in ("cta_url", "list", "button"))
_ROW = {"id": "a", "title": "A"}
_PUBLIC = "must be a public https URL"


@pytest.mark.parametrize(
    ("message", "param", "problem"),
    [
        _wrong(_TEXT, "type", "sticker", "must be one of 'text', 'template', 'image', 'document', 'video', 'audio', 'interactive'"),
        _wrong(_TEXT, "text", "Halo", "must be an object"),
        _wrong(_TEXT, "text.body", "", "must not be empty"),
        _wrong(_TEXT, "text.body", "x" * 4097, "must have at most 4096 characters"),
        _wrong(_TEXT, "text.body", 5, "must be a string"),
        _wrong(_TEXT, "text.body", "a\0b", "must not contain the NUL character"),
        _wrong(_TEXT, "text.body", "a\ud800b", "must not contain half of a surrogate pair"),
        _wrong(_TEMPLATE, "template.name", "", "must not be empty"),
        _wrong(_TEMPLATE, "template.language", 5, "must be a string"),
        _wrong(_TEMPLATE, "template.language", {"code": ""}, "must not be empty"),
        _wrong(_TEMPLATE, "template.language", {}, "must be a string"),
        _wrong(_TEMPLATE, "template.components", {}, "must be an array"),
        _wrong(_TEMPLATE, "template.components.0", "body", "must be an object"),
        _wrong(_IMAGE, "image.caption", "x" * 1025, "must have at most 1024 characters"),
        _wrong(_DOCUMENT, "document.filename", "", "must not be empty"),
        *(
            _wrong(_IMAGE, "image.url", url, _PUBLIC)
            for url in (
                "",
                "a.jpg",
                "http://cdn.example.com/a.jpg",
                "https://",
                "https://cdn/a.jpg",
                "https://localhost/a.jpg",
                "https://127.0.0.1/a.jpg",
                "https://[::1]/a.jpg",
                "https://10.1.2.3/a.jpg",
                "https://cdn.example.com/a b.jpg",
                "https://printer.local/a.jpg",
                "https://127.1/a.jpg",
                "https://10.0x1/a.jpg",
                "https://[64:ff9b::7f00:1]/a.jpg",
                "https://cdn.example.com:port/a.jpg",
                "https://[cdn.example.com/",
            )
        ),
        _wrong(_IMAGE, "image.url", f"{_CDN}/{'x' * 2048}", "must have at most 2048 characters"),
        _wrong(_CTA_URL, "interactive.type", "flow", "must be one of 'cta_url', 'list', 'button'"),
        _wrong(_CTA_URL, "interactive.action.name", "open", "must be 'cta_url'"),
        _wrong(_CTA_URL, "interactive.action.parameters.url", "ftp://a.example", "must be an http or https URL"),
        _wrong(_CTA_URL, "interactive.body.text", "x" * 1025, "must have at most 1024 characters"),
        _wrong(_LIST, "interactive.body.text", "x" * 4097, "must have at most 4096 characters"),
        _wrong(_LIST, "interactive.footer.text", "x" * 61, "must have at most 60 characters"),
        _wrong(_LIST, "interactive.header.type", "image", "must be 'text'"),
        _wrong(_LIST, "interactive.action.button", "x" * 21, "must have at most 20 characters"),
        _wrong(_LIST, "interactive.action.sections", [], "must not be empty"),
        _wrong(_LIST, "interactive.action.sections.0.rows", [_ROW] * 11, "must have at most 10 items"),
        _wrong(_BUTTONS, "interactive.action.buttons", BUTTONS["action"]["buttons"] * 2, "must have at most 3 items"),
    ],
)
def test_what_is_wrong_is_named(message: Json, param: str, problem: str) -> None:
    refusal = refused(message)
    assert (refusal.code, refusal.param, refusal.message) == ("invalid_field_value", param, f"{param} {problem}")


@pytest.mark.parametrize(
    ("interactive", "problem"),
    [
        (changed(LIST, "action.sections.0.rows", [_ROW, _ROW]), "must have rows with ids that differ"),
        (changed(LIST, "action.sections", [{"rows": [_ROW]}] * 2), "must have rows with ids that differ"),
        (
            changed(LIST, "action.sections", [{"rows": [_ROW]}, {"title": "B", "rows": [{"id": "b", "title": "B"}]}]),
            "must have a title on each of several sections",
        ),
        (
            changed(LIST, "action.sections", [{"title": "A", "rows": [_ROW] * 6}] * 2),
            "must have at most 10 rows in all its sections",
        ),
        (changed(BUTTONS, "action.buttons.1.reply.id", "yes"), "must have buttons with ids and titles that differ"),
    ],
)
def test_choices_can_be_told_apart(interactive: Json, problem: str) -> None:
    refusal = refused({"to": _TO, "type": "interactive", "interactive": interactive})
    assert (refusal.code, refusal.param) == ("invalid_field_value", "interactive.action")
    assert refusal.message == f"interactive.action {problem}"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "invalid JSON"),
        (b"{", "invalid JSON"),
        (b"\xff", "invalid JSON"),
        (b'{"to": NaN}', "invalid JSON"),
        (b'{"to": 1, "to": 2}', "duplicate key: to"),
        (b"[]", "the body must be a JSON object"),
        (b'"text"', "the body must be a JSON object"),
        (b"null", "the body must be a JSON object"),
        (b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}", "the body is nested too deeply"),
    ],
)
def test_a_body_is_a_json_object(body: bytes, message: str) -> None:
    refusal = refused(body)
    assert (refusal.code, refusal.param, refusal.message) == ("invalid_request", None, message)


@pytest.mark.parametrize("inside", ['"\\u0000"', '"\\ud800"', "1e999", '{"\\u0000": 1}'])
def test_what_cannot_be_stored_is_refused(inside: str) -> None:
    template = '{"to": "+628111111111", "type": "template", "template": {"name": "a", "language": "id", "components": [{"x": %s}]}}'
    refusal = refused((template % inside).encode())
    assert (refusal.code, refusal.param) == ("invalid_field_value", "template")


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "body", "url", "a"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(kind=st.sampled_from([*PRINTED]), value=_VALUES)
def test_whatever_stands_in_a_message_is_taken_or_refused(kind: str, value: Any) -> None:
    message, _ = PRINTED[kind]
    for spoilt in ({**message, message["type"]: value}, {**message, "to": value}, {**message, "type": value}):
        with suppress(InvalidRequest):
            assert schema.parse(json.dumps({"to": _TO, **spoilt}).encode()).content.kind == spoilt["type"]


def template(language: str = "id_ID", status: str = "approved", *, active: bool = True) -> MetaTemplate:
    return MetaTemplate(id=1, name="a", language=language, category=None, status=status, active=active, components=[])


@pytest.mark.parametrize(
    ("found", "code", "param", "said"),
    [
        ([], "invalid_template_name", "template.name", "there is no template of this name"),
        ([template("en_US")], "invalid_field_value", "template.language", "must be one that the template has: en_US"),
        ([template(status="pending")], "invalid_field_value", "template.name", "pending"),
        ([template(status="rejected")], "invalid_field_value", "template.name", "rejected"),
        ([template(active=False)], "invalid_field_value", "template.name", "switched off"),
        ([template("en_US"), template(active=False)], "invalid_field_value", "template.name", "switched off"),
    ],
)
def test_a_template_must_be_there_and_sendable(found: list[MetaTemplate], code: str, param: str, said: str) -> None:
    with pytest.raises(InvalidRequest) as refusal:
        planning.require_sendable(TemplateName(name="a", language="id_ID"), found)
    assert (refusal.value.code, refusal.value.param) == (code, param)
    assert said in refusal.value.message


def test_one_sendable_template_of_the_language_is_enough() -> None:
    planning.require_sendable(TemplateName(name="a", language="id_ID"), [template(status="rejected"), template()])
