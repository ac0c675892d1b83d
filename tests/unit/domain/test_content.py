from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.domain import content
from shared.domain.channels import Channel
from shared.domain.content import CloudMessage, EmailBody, Message, WabaTemplate


def message(**rich_context: Any) -> Message:
    return Message.model_validate({"type": "text", "message": "Hi", "richContext": rich_context})


@pytest.mark.parametrize(
    ("channel", "body", "model"),
    [
        (Channel.WHATSAPP, {"type": "text", "message": "Hi"}, Message),
        (Channel.TELEGRAM, {"type": "text", "message": "Hi"}, Message),
        (Channel.EMAIL, {"subject": "Hi", "html": "<p>Hi</p>"}, EmailBody),
        (Channel.WABA, {"name": "hi", "language": "id", "components": []}, WabaTemplate),
    ],
)
def test_each_channel_has_its_template(channel: Channel, body: dict[str, Any], model: type) -> None:
    parsed = content.parse_template(channel, body)
    assert isinstance(parsed, model)
    assert body.items() <= content.dump(parsed).items()


@pytest.mark.parametrize("channel", Channel)
def test_a_template_of_another_shape_is_refused(channel: Channel) -> None:
    with pytest.raises(ValidationError):
        content.parse_template(channel, {"body": "Hi"})


def test_inline_content_is_a_message_or_one_in_metas_shape() -> None:
    assert content.parse_inline({"type": "text", "message": "Hi"}) == Message(type=content.MessageType.TEXT, message="Hi")
    inline = content.parse_inline({"kind": "audio", "cloud": {"link": "https://a.example/a.mp3"}})
    assert inline == CloudMessage(kind="audio", cloud={"link": "https://a.example/a.mp3"})


def test_unknown_fields_are_ignored() -> None:
    body = {"type": "text", "message": "Hi", "mood": "good", "richContext": {"footer": "Bye", "shoe_size": 43}}
    assert content.dump(content.parse_inline(body)) == {"type": "text", "message": "Hi", "richContext": {"footer": "Bye"}}


def test_the_text_of_a_message_without_one_is_empty() -> None:
    assert content.parse_inline({"type": "location"}) == Message(type=content.MessageType.LOCATION)
    assert Message(type=content.MessageType.LOCATION).text == ""


def test_a_lone_button_is_a_row() -> None:
    lone, row = {"text": "Yes"}, [{"text": "No"}, {"text": "Maybe"}]
    buttons = message(buttons=[lone, row]).rich_context.buttons
    assert buttons is not None
    assert [[button.text for button in each] for each in buttons] == [["Yes"], ["No", "Maybe"]]


@pytest.mark.parametrize(
    "rich_context",
    [
        {"location": {"lat": 90.1, "lng": 0}},
        {"location": {"lat": 0, "lng": -180.1}},
        {"location": {"lat": "nan", "lng": 0}},
        {"location": {"lat": 0}},
        {"buttons": "Yes"},
        {"buttons": [["Yes"]]},
        {"listMessage": {"button": "Menu", "sections": []}},
        {"listMessage": {"button": "Menu", "sections": [{"rows": []}]}},
        {"footer": "NUL \0"},
        {"fileUrl": "https://files.example/\0"},
        {"footer": 5},
    ],
)
def test_what_cannot_be_meant_is_refused(rich_context: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        message(**rich_context)


def test_an_error_does_not_repeat_what_was_written() -> None:
    with pytest.raises(ValidationError) as raised:
        message(footer=["s3cret"])
    assert "s3cret" not in str(raised.value)


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
bodies = st.fixed_dictionaries(
    {"type": st.sampled_from(content.MessageType)},
    optional={
        "message": texts,
        "richContext": st.fixed_dictionaries(
            {},
            optional={
                "fileUrl": texts,
                "fileName": texts,
                "footer": texts,
                "location": st.fixed_dictionaries(
                    {"lat": st.floats(-90, 90), "lng": st.floats(-180, 180)}, optional={"name": texts}
                ),
                "buttons": st.lists(st.lists(st.fixed_dictionaries({"text": texts}, optional={"id": texts, "url": texts}))),
            },
        ),
    },
)


@given(body=bodies)
@settings(max_examples=100, deadline=None)
def test_what_is_stored_reads_back_the_same(body: dict[str, Any]) -> None:
    parsed = content.parse_inline(body)
    assert content.parse_inline(content.dump(parsed)) == parsed
