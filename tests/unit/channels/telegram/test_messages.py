from typing import Any

import pytest

from shared.domain import content
from shared.domain.outcome import Action, Code
from worker.channels.telegram import messages
from worker.channels.telegram.limits import UnsendableError


def call(kind: str, text: str | None = None, **rich_context: Any) -> messages.Call:
    return messages.build(content.Message.model_validate({"type": kind, "message": text, "richContext": rich_context}))


def refusal(kind: str, text: str | None = None, **rich_context: Any) -> Any:
    with pytest.raises(UnsendableError) as raised:
        call(kind, text, **rich_context)
    assert raised.value.outcome.action is Action.PERMANENT
    return raised.value.outcome


def keyboard(made: messages.Call) -> Any:
    return made.arguments["reply_markup"].to_dict()["inline_keyboard"]


def test_text_goes_out_as_it_is() -> None:
    made = call("text", "1 < 2 & *stars* _stay_")
    assert (made.method, made.arguments) == ("send_message", {"text": "1 < 2 & *stars* _stay_"})


def test_the_footer_follows_after_a_blank_line() -> None:
    assert call("text", "Hi", footer="antar").arguments["text"] == "Hi\n\nantar"
    assert call("image", "Hi", fileUrl="https://x.example/a.png", footer="antar").arguments["caption"] == "Hi\n\nantar"
    assert call("image", None, fileUrl="https://x.example/a.png", footer="antar").arguments["caption"] == "antar"


@pytest.mark.parametrize(
    ("kind", "method", "argument"),
    [
        ("image", "send_photo", "photo"),
        ("video", "send_video", "video"),
        ("document", "send_document", "document"),
        ("audio", "send_audio", "audio"),
    ],
)
def test_files_are_fetched_by_telegram_from_their_link(kind: str, method: str, argument: str) -> None:
    made = call(kind, "Look", fileUrl="https://x.example/file")
    assert (made.method, made.arguments) == (method, {argument: "https://x.example/file", "caption": "Look"})


@pytest.mark.parametrize("url", [None, "", "/etc/passwd", "file:///etc/passwd", "AgACAgIAAxkBAAI"])
def test_a_file_of_this_machine_is_never_sent(url: str | None) -> None:
    assert refusal("document", "x", fileUrl=url).code is Code.CONTENT_INVALID


def test_a_place_with_name_and_address_is_a_venue() -> None:
    point = {"lat": -6.2, "lng": 106.8}
    venue = call("location", "ignored", location={**point, "name": "Office", "address": "Jl. Sudirman 1"})
    assert venue.method == "send_venue"
    assert venue.arguments == {"latitude": -6.2, "longitude": 106.8, "title": "Office", "address": "Jl. Sudirman 1"}
    plain = call("location", location={**point, "name": "Office"})
    assert (plain.method, plain.arguments) == ("send_location", {"latitude": -6.2, "longitude": 106.8})
    assert refusal("location", "x").code is Code.CONTENT_INVALID


def test_buttons_are_rows_of_links_and_replies() -> None:
    rows = [[{"text": "Yes", "id": "yes"}, {"text": "No"}], [{"text": "Site", "url": "https://x.example"}], []]
    assert keyboard(call("interactive", "Sure?", buttons=rows)) == [
        [{"text": "Yes", "callback_data": "yes"}, {"text": "No", "callback_data": "No"}],
        [{"text": "Site", "url": "https://x.example"}],
    ]


def test_buttons_may_stand_below_any_message() -> None:
    made = call("image", "x", fileUrl="https://x.example/a.png", buttons=[{"text": "Yes"}])
    assert keyboard(made) == [[{"text": "Yes", "callback_data": "Yes"}]]


def test_a_list_is_a_button_a_row_and_its_titles_are_text() -> None:
    sections = [
        {"title": "Food", "rows": [{"id": "r1", "title": "Rice", "description": "fried"}, {"id": "r2", "title": "Noodles"}]},
        {"rows": [{"id": "r3", "title": "Tea"}]},
    ]
    made = call("interactive", "Choose", listMessage={"button": "Menu", "title": "Today", "sections": sections}, footer="antar")
    assert made.arguments["text"] == "Choose\n\nToday\n\nFood\n• Rice: fried\n• Noodles\n\n• Tea\n\nantar"
    assert [[button["callback_data"] for button in row] for row in keyboard(made)] == [["r1"], ["r2"], ["r3"]]


def test_an_interactive_message_without_choices_is_refused() -> None:
    assert refusal("interactive", "Choose").code is Code.CONTENT_INVALID
    assert refusal("interactive", None, buttons=[{"text": "Yes"}]).code is Code.CONTENT_INVALID
    assert refusal("interactive", "x", buttons=[{"text": " "}]).code is Code.CONTENT_INVALID


def test_an_empty_text_is_refused() -> None:
    for text in (None, "", " \n"):
        assert refusal("text", text).code is Code.CONTENT_INVALID


@pytest.mark.parametrize("character", ["a", "ä", "😀"])
def test_lengths_count_in_utf_16_code_units(character: str) -> None:
    units = len(character.encode("utf-16-le")) // 2
    assert call("text", character * (4096 // units)).arguments["text"] == character * (4096 // units)
    text = refusal("text", character * (4096 // units) + "a")
    caption = refusal("image", character * (1024 // units) + "a", fileUrl="https://x.example/a.png")
    assert (text.code, text.reason) == (Code.CONTENT_TOO_LARGE, "text is longer than 4096 characters")
    assert (caption.code, caption.reason) == (Code.CONTENT_TOO_LARGE, "caption is longer than 1024 characters")
    assert text.detail == {"field": "text", "limit": 4096, "size": 4097}


def test_the_footer_counts() -> None:
    assert refusal("text", "a" * 4090, footer="b" * 5).code is Code.CONTENT_TOO_LARGE


def test_what_a_button_sends_back_counts_in_bytes() -> None:
    assert keyboard(call("interactive", "x", buttons=[{"text": "a", "id": "ä" * 32}]))
    outcome = refusal("interactive", "x", buttons=[{"text": "a", "id": "ä" * 32 + "b"}])
    assert (outcome.code, outcome.reason) == (Code.CONTENT_TOO_LARGE, "button id is longer than 64 bytes")


def test_other_channels_contents_are_refused() -> None:
    with pytest.raises(UnsendableError) as raised:
        messages.build(content.EmailBody(subject="a", html="b"))
    assert raised.value.outcome.code is Code.CONTENT_UNSUPPORTED


def test_every_message_type_can_be_built() -> None:
    assert set(messages._BUILDERS) == set(content.MessageType)
