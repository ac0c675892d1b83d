import pytest

from worker.channels.telegram import targets


@pytest.mark.parametrize(
    ("target", "normalised"),
    [
        ("123456789", "123456789"),
        ("-1001234567890", "-1001234567890"),
        (" 42 ", "42"),
        ("4503599627370495", "4503599627370495"),
        ("@antar_news", "@antar_news"),
        ("@Antar_News", "@antar_news"),
    ],
)
def test_chats_have_one_form(target: str, normalised: str) -> None:
    assert targets.normalise(target) == normalised
    assert targets.normalise(normalised) == normalised


@pytest.mark.parametrize(
    "target",
    [
        "",
        "0",
        "-",
        "007",
        "+49301234",
        "12 34",
        "1.5",
        "4503599627370496",
        "antar_news",
        "@",
        "@abc",
        "@1abc",
        "@a-b-c",
        "@" + "a" * 33,
        "١٢٣",
        "12\n34",
        "t.me/antar",
    ],
)
def test_what_can_never_be_a_chat_is_none(target: str) -> None:
    assert targets.normalise(target) is None


def test_numbers_go_out_as_numbers_and_names_as_text() -> None:
    assert targets.chat_id("-100123") == -100123
    assert targets.chat_id("@antar_news") == "@antar_news"
