from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain import rendering
from shared.domain.channels import Channel
from shared.domain.content import CloudMessage, EmailBody, Message, Rendered, dump, parse_template
from shared.domain.rendering import MissingVariables

ANN = {"name": "Ann", "order.id": "A-7", "n": "2"}


def text(body: str) -> Message:
    return Message.model_validate({"type": "text", "message": body})


def rendered_text(body: str, variables: dict[str, str]) -> str:
    rendered = rendering.render(text(body), variables)
    assert isinstance(rendered, Message)
    return rendered.text


def rendered_email(fields: dict[str, Any], variables: dict[str, str]) -> EmailBody:
    rendered = rendering.render(parse_template(Channel.EMAIL, fields), variables)
    assert isinstance(rendered, EmailBody)
    return rendered


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi {{name}}!", "Hi Ann!"),
        ("Hi {{ name }}!", "Hi Ann!"),
        ("Hi {{\tname\n}}!", "Hi Ann!"),
        ("{{name}}{{name}} {{n}}", "AnnAnn 2"),
        ("No {{order.id}}", "No A-7"),
        ("{{{name}}}", "{Ann}"),
        ("[[date-dd-mm-yyyy]] [[name]] {{name}}", "[[date-dd-mm-yyyy]] [[name]] Ann"),
        ("[[{{name}}]]", "[[Ann]]"),
        ("{name} { {name} } {{}} {{ }} {{name} name}}", "{name} { {name} } {{}} {{ }} {{name} name}}"),
        ("", ""),
    ],
)
def test_placeholders_are_filled_and_all_else_stays(body: str, expected: str) -> None:
    assert rendered_text(body, ANN) == expected


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ("{{b}} {{a}} {{name}} {{ b }}", "b, a"),
        ("{{ first name }}", "first name"),
        ("{{Name}}", "Name"),
        ("{{order}}", "order"),
    ],
)
def test_missing_variables_are_named_in_their_order_each_once(body: str, missing: str) -> None:
    with pytest.raises(MissingVariables) as raised:
        rendering.render(text(body), ANN)
    assert str(raised.value) == missing


def test_an_empty_value_is_a_value() -> None:
    assert rendered_text("a{{name}}b", {"name": ""}) == "ab"


def test_a_value_is_never_searched_for_placeholders() -> None:
    variables = {"name": "{{secret}} {{name}} [[x]] \\1 \\g<0>", "secret": "s3cret"}
    assert rendered_text("{{name}}", variables) == variables["name"]


EVERYWHERE = {
    "type": "interactive",
    "message": "{{a}}",
    "richContext": {
        "fileUrl": "https://files.example/{{b}}.pdf",
        "fileName": "{{c}}.pdf",
        "footer": "{{d}}",
        "location": {"lat": 1.5, "lng": -2, "name": "{{e}}", "address": "{{f}}"},
        "buttons": [[{"text": "{{g}}", "id": "{{h}}"}], [{"text": "t", "url": "https://shop.example/{{i}}"}]],
        "listMessage": {
            "button": "{{j}}",
            "title": "{{k}}",
            "sections": [{"title": "{{l}}", "rows": [{"id": "{{m}}", "title": "{{o}}", "description": "{{p}}"}]}],
        },
    },
}


def filled(value: Any) -> Any:
    """Give a JSON value with each placeholder ``{{x}}`` as ``X``."""
    match value:
        case str():
            head, opening, tail = value.partition("{{")
            return f"{head}{tail[0].upper()}{tail.partition('}}')[2]}" if opening else value
        case list():
            return [filled(item) for item in value]
        case dict():
            return {key: filled(item) for key, item in value.items()}
        case _:
            return value


def test_every_string_of_a_message_is_filled() -> None:
    body = Message.model_validate(EVERYWHERE)
    rendered = rendering.render(body, {letter: letter.upper() for letter in "abcdefghijklmop"})
    assert dump(rendered) == dump(Message.model_validate(filled(EVERYWHERE)))


def test_every_string_of_a_message_is_searched() -> None:
    with pytest.raises(MissingVariables) as raised:
        rendering.render(Message.model_validate(EVERYWHERE), {})
    assert raised.value.names == list("abcdefghijklmop")


def test_a_value_that_cannot_stand_where_it_is_put_is_refused() -> None:
    with pytest.raises(ValidationError):
        rendering.render(text("{{name}}"), {"name": "NUL \0"})


def test_what_is_in_metas_shape_goes_out_as_it_came() -> None:
    message = CloudMessage(kind="text", cloud={"body": "{{x}}"})
    assert rendering.render(message, {}) is message


HOSTILE = {"name": "<b>\"Ann\" & 'co'</b>\r\nBcc: eve@evil.example"}


def test_only_the_html_of_an_email_is_escaped() -> None:
    email = rendered_email({"subject": "{{name}}", "html": "<p>{{name}}</p>", "text": "{{name}}"}, HOSTILE)
    assert email.html == "<p>&lt;b&gt;&quot;Ann&quot; &amp; &#x27;co&#x27;&lt;/b&gt;\r\nBcc: eve@evil.example</p>"
    assert email.subject == "<b>\"Ann\" & 'co'</b> Bcc: eve@evil.example"
    assert email.text == HOSTILE["name"]
    assert rendered_text("{{name}}", HOSTILE) == HOSTILE["name"]


@pytest.mark.parametrize("line_end", ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u2029"])
def test_no_value_adds_a_line_to_a_subject(line_end: str) -> None:
    assert rendered_email({"subject": "{{x}}", "html": ""}, {"x": f"a{line_end}b"}).subject == "a b"


def test_an_email_is_searched_from_its_subject_to_its_text() -> None:
    with pytest.raises(MissingVariables) as raised:
        rendered_email({"html": "{{b}}", "subject": "{{a}}", "text": "{{c}} {{a}}"}, {})
    assert raised.value.names == ["a", "b", "c"]


def test_an_email_without_text_stays_without() -> None:
    assert rendered_email({"subject": "s", "html": "h"}, {}).text is None


no_braces = st.text(st.characters(exclude_characters="{}\0", exclude_categories=["Cs"]))
names = st.text(st.characters(exclude_characters="{}\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: name == name.strip()
)
parts = st.lists(st.tuples(no_braces, names), min_size=1, max_size=5)


def template_of(pieces: list[tuple[str, str]]) -> str:
    return "".join(f"{literal}{{{{{name}}}}}" for literal, name in pieces)


@given(pieces=parts, values=st.data())
@settings(max_examples=100, deadline=None)
def test_with_all_variables_no_placeholder_is_left(pieces: list[tuple[str, str]], values: st.DataObject) -> None:
    variables = {name: values.draw(no_braces) for _, name in pieces}
    result = rendered_text(template_of(pieces), variables)
    assert result == "".join(literal + variables[name] for literal, name in pieces)
    assert rendered_text(result, {}) == result


@given(pieces=parts)
@settings(max_examples=100, deadline=None)
def test_without_variables_all_are_missing(pieces: list[tuple[str, str]]) -> None:
    with pytest.raises(MissingVariables) as raised:
        rendered_text(template_of(pieces), {})
    assert raised.value.names == list(dict.fromkeys(name for _, name in pieces))


@given(body=no_braces | st.builds("{}[[{}]]".format, no_braces, no_braces), variables=st.dictionaries(names, no_braces))
@settings(max_examples=100, deadline=None)
def test_without_placeholders_nothing_changes(body: str, variables: dict[str, str]) -> None:
    message = text(body)
    email = EmailBody(subject=body, html=body, text=body)
    unchanged: list[Rendered] = [rendering.render(message, variables), rendering.render(email, variables)]
    assert unchanged == [message, email]
