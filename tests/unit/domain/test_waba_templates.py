from typing import Any

import jsonschema
import pytest
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from shared.domain import rendering, waba_templates
from shared.domain.channels import Channel
from shared.domain.content import JsonObject, TemplateMessage, WabaTemplate, parse_template
from tests.schemas import provider_file

_CLOUD_API = "urn:cloud-api"


def template(*components: JsonObject, **fields: Any) -> WabaTemplate:
    body = parse_template(Channel.WABA, {"name": "order_update", "language": "id", "components": components, **fields})
    assert isinstance(body, WabaTemplate)
    return body


def built(body: WabaTemplate, variables: dict[str, str]) -> list[JsonObject]:
    rendered = rendering.render(body, variables)
    assert isinstance(rendered, TemplateMessage)
    assert (rendered.name, rendered.language) == (body.name, body.language)
    return list(rendered.components)


def buttons(*each: JsonObject) -> JsonObject:
    return {"type": "BUTTONS", "buttons": each}


def body_of(text: str) -> JsonObject:
    return {"type": "BODY", "text": text}


def named(name: str, text: str) -> JsonObject:
    return {"type": "text", "text": text, "parameter_name": name}


def plain(text: str) -> JsonObject:
    return {"type": "text", "text": text}


def test_named_parameters_bear_their_names_each_once() -> None:
    body = template(body_of("Hi {{ name }}, order {{order}} of {{name}}"))
    assert built(body, {"name": "Ann", "order": "7", "other": "x"}) == [
        {"type": "body", "parameters": [named("name", "Ann"), named("order", "7")]}
    ]


def test_positional_parameters_stand_in_the_order_of_their_numbers() -> None:
    body = template(body_of("{{2}} for {{1}} and {{10}}"), parameter_format="positional", variables=("name", "order"))
    assert built(body, {"name": "Ann", "order": "7", "10": "ten"}) == [
        {"type": "body", "parameters": [plain("Ann"), plain("7"), plain("ten")]}
    ]


def test_positions_without_a_declared_name_are_variables_themselves() -> None:
    body = template(body_of("{{1}} {{2}} {{0}}"), parameter_format="positional", variables=("name",))
    assert waba_templates.variable_names(body) == ["name", "2", "0"]


def test_each_component_and_button_is_numbered_from_one() -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "Order {{1}}"}
    link = buttons({"type": "URL", "text": "Track", "url": "https://shop.example/{{1}}"})
    body = template(
        header, body_of("{{2}} for {{1}}"), link, parameter_format="positional", variables=("order", "name", "price", "code")
    )
    assert waba_templates.variable_names(body) == ["order", "price", "name", "code"]
    assert built(body, {"order": "7", "name": "Ann", "price": "5", "code": "abc"}) == [
        {"type": "header", "parameters": [plain("7")]},
        {"type": "body", "parameters": [plain("Ann"), plain("5")]},
        {"type": "button", "sub_type": "url", "index": "0", "parameters": [plain("abc")]},
    ]


def test_a_digit_of_another_script_is_a_name_like_any_other() -> None:
    body = template(body_of("{{²}}"), parameter_format="positional", variables=("name",))
    assert built(body, {"²": "two"}) == [{"type": "body", "parameters": [plain("two")]}]


def test_a_header_of_text() -> None:
    header = {"type": "HEADER", "format": "TEXT", "text": "Order {{order}}"}
    assert built(template(header), {"order": "7"}) == [{"type": "header", "parameters": [named("order", "7")]}]


@pytest.mark.parametrize("kind", ["image", "video", "document"])
def test_a_header_of_media(kind: str) -> None:
    header = {"type": "HEADER", "format": kind.upper(), "link": "https://files.example/{{file}}"}
    assert built(template(header), {"file": "a.bin"}) == [
        {"type": "header", "parameters": [{"type": kind, kind: {"link": "https://files.example/a.bin"}}]}
    ]


def test_a_link_to_a_page() -> None:
    links = buttons({"type": "URL", "text": "Call"}, {"type": "URL", "text": "See", "url": "https://shop.example/{{order}}"})
    assert built(template(links), {"order": "7"}) == [
        {"type": "button", "sub_type": "url", "index": "1", "parameters": [plain("7")]}
    ]


def test_the_number_in_a_link_has_its_declared_name_also_among_named_parameters() -> None:
    links = buttons({"type": "URL", "text": "See", "url": "https://shop.example/{{1}}"})
    body = template(body_of("{{name}}"), links, variables=("order",))
    assert built(body, {"name": "Ann", "order": "7"})[1]["parameters"] == [plain("7")]


def test_a_quick_reply_with_its_payload() -> None:
    replies = buttons({"type": "QUICK_REPLY", "text": "Yes", "payload": "yes:{{order}}"}, {"type": "QUICK_REPLY", "text": "No"})
    assert built(template(replies), {"order": "7"}) == [
        {"type": "button", "sub_type": "quick_reply", "index": "0", "parameters": [{"type": "payload", "payload": "yes:7"}]}
    ]


def test_a_coupon_code() -> None:
    coupon = buttons({"type": "COPY_CODE", "coupon_code": "{{code}}"})
    assert built(template(coupon), {"code": "SAVE10"}) == [
        {
            "type": "button",
            "sub_type": "copy_code",
            "index": "0",
            "parameters": [{"type": "coupon_code", "coupon_code": "SAVE10"}],
        }
    ]


@pytest.mark.parametrize(
    "component",
    [
        body_of("Nothing to fill"),
        {"type": "HEADER", "format": "TEXT", "text": "Nothing"},
        {"type": "HEADER", "format": "IMAGE"},
        {"type": "FOOTER", "text": "Bye"},
        buttons({"type": "URL", "text": "See", "url": "https://shop.example/"}, {"type": "PHONE_NUMBER", "phone_number": "+62"}),
        {"type": "BUTTONS"},
    ],
)
def test_a_component_with_nothing_to_fill_is_left_out(component: JsonObject) -> None:
    assert built(template(component), {}) == []


def test_missing_variables_in_order_of_appearance() -> None:
    body = template(
        {"type": "HEADER", "format": "IMAGE", "link": "{{c}}"},
        body_of("{{b}} {{c}}"),
        buttons(
            {"type": "URL", "url": "x/{{a}}"},
            {"type": "QUICK_REPLY", "payload": "{{e}}"},
            {"type": "COPY_CODE", "coupon_code": "{{d}}"},
        ),
    )
    with pytest.raises(rendering.MissingVariables) as raised:
        rendering.render(body, {"b": "x"})
    assert str(raised.value) == "c, a, e, d"


def test_values_are_neither_searched_nor_escaped() -> None:
    value = "{{secret}} <b>"
    assert built(template(body_of("{{name}}")), {"name": value, "secret": "s"})[0]["parameters"] == [named("name", value)]


EVERY_KIND = [
    template(
        {"type": "HEADER", "format": "TEXT", "text": "{{title}}"},
        body_of("Hi {{name}}"),
        buttons({"type": "URL", "text": "See", "url": "https://shop.example/{{order}}"}),
    ),
    template(
        {"type": "HEADER", "format": "DOCUMENT", "link": "https://files.example/{{file}}"},
        body_of("{{1}} {{2}}"),
        buttons({"type": "QUICK_REPLY", "payload": "{{name}}"}, {"type": "COPY_CODE", "coupon_code": "{{order}}"}),
        parameter_format="positional",
        variables=("name", "order"),
    ),
    template({"type": "HEADER", "format": "IMAGE", "link": "https://files.example/a.png"}, body_of("{{name}}")),
    template({"type": "HEADER", "format": "VIDEO", "link": "https://files.example/a.mp4"}, body_of("{{name}}")),
    template(body_of("Nothing to fill")),
]


def validator(document: Any, schema: str) -> jsonschema.Draft202012Validator:
    registry: Registry[Any] = Registry().with_resource(_CLOUD_API, DRAFT202012.create_resource(document))
    return jsonschema.Draft202012Validator({"$ref": f"{_CLOUD_API}#/components/schemas/{schema}"}, registry=registry)


def schema_of(document: Any, base: str, value: JsonObject) -> str:
    """Follow a schema's discriminator, which a plain validator does not; a kind it does not know is held to the base alone."""
    found = document["components"]["schemas"][base]["discriminator"]["mapping"].get(value["type"], base)
    return str(found).rpartition("/")[2]


@pytest.mark.parametrize("body", EVERY_KIND)
def test_what_is_built_is_what_the_cloud_api_publishes(body: WabaTemplate) -> None:
    document = provider_file("waba/messages_v23.0.patched.json")
    components = built(body, {"title": "T", "name": "Ann", "order": "7", "file": "a.pdf"})
    message = {
        "messaging_product": "whatsapp",
        "to": "6281234567890",
        "type": "template",
        "template": {"name": body.name, "language": {"code": body.language}, "components": components},
    }
    validator(document, "TemplateMessage").validate(message)
    for component in components:
        validator(document, schema_of(document, "TemplateComponent", component)).validate(component)
        base = "ButtonParameterObject" if component["type"] == "button" else "ParameterObject"
        for parameter in component["parameters"]:
            validator(document, schema_of(document, base, parameter)).validate(parameter)


def test_the_validation_sees_what_is_wrong() -> None:
    document = provider_file("waba/messages_v23.0.patched.json")
    with pytest.raises(jsonschema.ValidationError):
        validator(document, "ImageParameter").validate({"type": "image", "image": {"link": "ftp://files.example/a.png"}})
    with pytest.raises(jsonschema.ValidationError):
        validator(document, "ButtonComponent").validate({"type": "button", "sub_type": "url", "parameters": []})
