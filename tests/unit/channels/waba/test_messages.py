"""Bodies for Meta, and what is refused instead of sent."""

from typing import Any

import pytest

from shared.domain.content import EmailBody, Message, TemplateMessage
from shared.domain.outcome import Action, Code
from tests.integration.channels.loopback import DELIVERY, NUMBER
from tests.integration.channels.samples import LIST, MESSAGES, message
from worker.channels.waba import messages
from worker.channels.waba.limits import UnsendableError


def body(content: Message | TemplateMessage) -> dict[str, Any]:
    built = messages.build(DELIVERY, NUMBER, content)
    value: dict[str, Any] = built[built["type"]]
    return value


def test_envelope_names_the_recipient_and_the_delivery() -> None:
    assert messages.build(DELIVERY, NUMBER, message("text", "Hi")) == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": NUMBER,
        "type": "text",
        "text": {"body": "Hi", "preview_url": False},
        "biz_opaque_callback_data": str(DELIVERY),
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text with a footer", {"body": "Hello\n\nAntar", "preview_url": False}),
        ("image", {"link": "https://files.example/a.png", "caption": "Hello"}),
        ("image without a caption", {"link": "https://files.example/a"}),
        ("video", {"link": "https://files.example/a.mp4", "caption": "Hello"}),
        ("document", {"link": "https://files.example/a/b%20c.pdf", "caption": "Hello", "filename": "Bill.pdf"}),
        ("audio", {"link": "https://files.example/a.mp3"}),
        ("location", {"latitude": -6.2, "longitude": 106.816666, "name": "Monas", "address": "Jakarta"}),
        ("location without a name", {"latitude": 0.0, "longitude": 0.0}),
        (
            "reply buttons",
            {
                "type": "button",
                "body": {"text": "Hello"},
                "footer": {"text": "Antar"},
                "action": {
                    "buttons": [
                        {"type": "reply", "reply": {"id": "y", "title": "Yes"}},
                        {"type": "reply", "reply": {"id": "No", "title": "No"}},
                    ]
                },
            },
        ),
        (
            "a link",
            {
                "type": "cta_url",
                "body": {"text": "Hello"},
                "action": {"name": "cta_url", "parameters": {"display_text": "Pay", "url": "https://pay.example/1"}},
            },
        ),
        (
            "a list",
            {
                "type": "list",
                "header": {"type": "text", "text": "Menu"},
                "body": {"text": "Hello"},
                "footer": {"text": "Antar"},
                "action": {"button": "Open", "sections": LIST["sections"]},
            },
        ),
    ],
)
def test_every_type_has_meta_s_shape(name: str, value: dict[str, Any]) -> None:
    assert body(MESSAGES[name]) == value


def test_template_goes_verbatim() -> None:
    components = ({"type": "body", "parameters": [{"type": "text", "text": "{{kept}}"}]},)
    template = TemplateMessage(name="bill", language="id", components=components)
    assert messages.build(DELIVERY, NUMBER, template)["type"] == "template"
    assert body(template) == {"name": "bill", "language": {"code": "id"}, "components": list(components)}
    assert body(TemplateMessage(name="bill", language="id")) == {"name": "bill", "language": {"code": "id"}}


@pytest.mark.parametrize(
    ("context", "header"),
    [
        ({"fileUrl": "https://a.example/b.png"}, {"type": "image", "image": {"link": "https://a.example/b.png"}}),
        ({"fileUrl": "https://a.example/b", "fileName": "c.mp4"}, {"type": "video", "video": {"link": "https://a.example/b"}}),
        ({"fileUrl": "https://a.example/b"}, {"type": "document", "document": {"link": "https://a.example/b"}}),
        (
            {"fileUrl": "https://a.example/b.pdf", "fileName": "Bill.pdf"},
            {"type": "document", "document": {"link": "https://a.example/b.pdf", "filename": "Bill.pdf"}},
        ),
    ],
)
@pytest.mark.parametrize("button", [{"text": "Yes"}, {"text": "Pay", "url": "https://pay.example"}])
def test_file_with_buttons_is_their_header(context: dict[str, str], header: dict[str, Any], button: dict[str, str]) -> None:
    assert body(message("interactive", buttons=[button], **context))["header"] == header


def test_picture_with_buttons_is_their_header_whatever_it_is_called() -> None:
    built = body(message("image", fileUrl="https://a.example/b", buttons=[{"text": "Yes"}]))
    assert (built["type"], built["header"]["type"]) == ("button", "image")


def test_text_with_buttons_is_interactive() -> None:
    built = body(message("text", buttons=[{"text": "Yes"}]))
    assert built["type"] == "button"
    assert "header" not in built


def test_more_than_three_buttons_are_a_list() -> None:
    built = body(message("interactive", buttons=[[{"text": f"Choice {n}", "id": f"c{n}"} for n in range(4)]]))
    assert built["type"] == "list"
    assert built["action"] == {
        "button": "Menu",
        "sections": [{"rows": [{"id": f"c{n}", "title": f"Choice {n}"} for n in range(4)]}],
    }


def buttons(count: int, **fields: str) -> list[dict[str, str]]:
    return [{"text": f"Choice {n}", **fields} for n in range(count)]


def menu(**fields: Any) -> dict[str, Any]:
    return {"listMessage": {**LIST, **fields}}


def rows(count: int, **fields: str) -> list[dict[str, Any]]:
    return [{"rows": [{"id": str(n), "title": f"Row {n}", **fields} for n in range(count)]}]


UNSENDABLE: list[tuple[Message, Code, str]] = [
    (message("text", "x" * 4097), Code.CONTENT_TOO_LARGE, "message has 4097 characters; Meta takes 4096"),
    (message("text", ""), Code.CONTENT_INVALID, "message must not be empty"),
    (message("image", "x" * 1025, fileUrl="https://a.example"), Code.CONTENT_TOO_LARGE, "message has 1025 characters"),
    (message("image"), Code.CONTENT_INVALID, "richContext.fileUrl is missing"),
    (message("audio"), Code.CONTENT_INVALID, "richContext.fileUrl is missing"),
    (message("video", fileUrl="ftp://a.example"), Code.CONTENT_INVALID, "richContext.fileUrl must be an http or https URL"),
    (message("video", fileUrl="http://[::1"), Code.CONTENT_INVALID, "richContext.fileUrl must be an http or https URL"),
    (message("location"), Code.CONTENT_INVALID, "richContext.location is missing"),
    (message("interactive"), Code.CONTENT_INVALID, "needs richContext.buttons or richContext.listMessage"),
    (message("interactive", buttons=[[]]), Code.CONTENT_INVALID, "needs richContext.buttons or richContext.listMessage"),
    (message("interactive", "", buttons=buttons(1)), Code.CONTENT_INVALID, "message must not be empty"),
    (message("interactive", "x" * 1025, buttons=buttons(1)), Code.CONTENT_TOO_LARGE, "message has 1025 characters"),
    (message("interactive", footer="x" * 61, buttons=buttons(1)), Code.CONTENT_TOO_LARGE, "richContext.footer has 61 characters"),
    (message("interactive", buttons=[{"text": "x" * 21}]), Code.CONTENT_TOO_LARGE, "richContext.buttons.text has 21 characters"),
    (message("interactive", buttons=[{"text": " "}]), Code.CONTENT_INVALID, "richContext.buttons.text must not be empty"),
    (message("interactive", buttons=buttons(1, id="x" * 257)), Code.CONTENT_TOO_LARGE, "richContext.buttons.id has 257 characters"),
    (message("interactive", buttons=buttons(2, id="same")), Code.CONTENT_INVALID, "the ids of richContext.buttons must differ"),
    (message("interactive", buttons=buttons(2, text="same")), Code.CONTENT_INVALID, "the texts of richContext.buttons must differ"),
    (message("interactive", buttons=buttons(11)), Code.CONTENT_INVALID, "richContext.buttons: 11 are more than the 10"),
    (
        message("interactive", buttons=buttons(4), fileUrl="https://a.example"),
        Code.CONTENT_INVALID,
        "Meta takes no file with a list",
    ),
    (message("interactive", buttons=buttons(2, url="https://a.example")), Code.CONTENT_INVALID, "one button with a url alone"),
    (
        message("interactive", buttons=[*buttons(1), {"text": "Pay", "url": "https://a.example"}]),
        Code.CONTENT_INVALID,
        "one button with a url alone",
    ),
    (message("interactive", buttons=buttons(1, url="tel:112")), Code.CONTENT_INVALID, "richContext.buttons.url must be an http"),
    (message("interactive", buttons=buttons(1, url="http://10.0.0.1/")), Code.CONTENT_INVALID, "not an IP address"),
    (message("interactive", buttons=buttons(1, url="http://[::1]/")), Code.CONTENT_INVALID, "not an IP address"),
    (message("interactive", buttons=buttons(1), **menu()), Code.CONTENT_INVALID, "both buttons and a listMessage"),
    (message("interactive", **menu(button="x" * 21)), Code.CONTENT_TOO_LARGE, "richContext.listMessage.button has 21 characters"),
    (message("interactive", **menu(button="")), Code.CONTENT_INVALID, "richContext.listMessage.button must not be empty"),
    (message("interactive", **menu(title="x" * 61)), Code.CONTENT_TOO_LARGE, "richContext.listMessage.title has 61 characters"),
    (message("interactive", **menu(sections=rows(11))), Code.CONTENT_INVALID, "sections.rows: 11 are more than the 10"),
    (message("interactive", **menu(sections=rows(1) * 11)), Code.CONTENT_INVALID, "sections: 11 are more than the 10"),
    (message("interactive", **menu(sections=rows(2, id="a"))), Code.CONTENT_INVALID, "sections.rows must differ"),
    (message("interactive", **menu(sections=rows(1, id="x" * 201))), Code.CONTENT_TOO_LARGE, "sections.rows.id has 201 characters"),
    (message("interactive", **menu(sections=rows(1, title="x" * 25))), Code.CONTENT_TOO_LARGE, "rows.title has 25 characters"),
    (
        message("interactive", **menu(sections=rows(1, description="x" * 73))),
        Code.CONTENT_TOO_LARGE,
        "rows.description has 73 characters",
    ),
    (
        message("interactive", **menu(sections=[*rows(1, id="a"), *rows(1, id="b")])),
        Code.CONTENT_INVALID,
        "richContext.listMessage.sections.title must not be empty",
    ),
    (
        message("interactive", **menu(sections=[{"title": "x" * 25, **rows(1)[0]}])),
        Code.CONTENT_TOO_LARGE,
        "richContext.listMessage.sections.title has 25 characters",
    ),
]


@pytest.mark.parametrize(("content", "code", "reason"), UNSENDABLE, ids=[reason for _, _, reason in UNSENDABLE])
def test_what_meta_refuses_is_named(content: Message, code: Code, reason: str) -> None:
    with pytest.raises(UnsendableError) as unsendable:
        messages.build(DELIVERY, NUMBER, content)
    outcome = unsendable.value.outcome
    assert (outcome.code, outcome.action) == (code, Action.PERMANENT)
    assert reason in outcome.reason


def test_email_is_no_message_of_meta_s() -> None:
    with pytest.raises(UnsendableError) as unsendable:
        messages.build(DELIVERY, NUMBER, EmailBody(subject="a", html="b"))
    assert unsendable.value.outcome.code is Code.CONTENT_UNSUPPORTED


@pytest.mark.parametrize(
    "content",
    [
        message("text", "x" * 4096),
        message("image", "x" * 1024, fileUrl="https://a.example"),
        message("interactive", "x" * 1024, footer="x" * 60, buttons=[{"text": "x" * 20, "id": "x" * 256}]),
        message("interactive", **menu(button="x" * 20, title="x" * 60, sections=rows(10, title="x" * 24, description="x" * 72))),
        message("interactive", **menu(sections=[{"title": "x" * 24, **rows(1, id="x" * 200)[0]}])),
    ],
)
def test_limit_itself_is_taken(content: Message) -> None:
    assert body(content)
