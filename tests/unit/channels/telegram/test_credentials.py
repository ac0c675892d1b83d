import pytest
from pydantic import ValidationError

from shared.credentials.telegram import TelegramCredentials

TOKEN = "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw"


def test_only_the_token_is_needed() -> None:
    credentials = TelegramCredentials.model_validate({"bot_token": TOKEN})
    assert credentials.base_url == "https://api.telegram.org"
    assert TOKEN not in repr(credentials)


def test_a_server_of_ones_own_may_be_named_with_or_without_a_slash() -> None:
    given = [
        TelegramCredentials.model_validate({"bot_token": TOKEN, "base_url": f"http://127.0.0.1:8081{end}"}) for end in ("", "/")
    ]
    assert [each.base_url for each in given] == ["http://127.0.0.1:8081"] * 2


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"bot_token": ""},
        {"bot_token": "1:a/../b"},
        {"bot_token": "1:a b"},
        {"bot_token": "1:a?x=1"},
        {"bot_token": TOKEN, "base_url": "ftp://api.telegram.org"},
        {"bot_token": TOKEN, "base_url": "api.telegram.org"},
        {"bot_token": TOKEN, "colour": "blue"},
        {"bot_token": TOKEN, "webhook_secret": ""},
        {"bot_token": TOKEN, "webhook_secret": "x" * 257},
        {"bot_token": TOKEN, "webhook_secret": "no spaces"},
    ],
)
def test_what_could_never_work_is_refused(document: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        TelegramCredentials.model_validate(document)
