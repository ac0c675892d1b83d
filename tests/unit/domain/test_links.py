import pytest

from shared.domain import links


@pytest.mark.parametrize(
    "text", ["https://x.example", "http://x.example:8080/a%20b?c=d#e", "https://[::1]/", "HTTPS://x.example/ä"]
)
def test_what_others_can_follow(text: str) -> None:
    assert links.is_web_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x.example",
        "//x.example",
        "ftp://x.example",
        "https://",
        "https://a b",
        "https://a\n",
        "http://[",
        "https://a:x",
        "https://a:65536",
        "https://a:0",
    ],
)
def test_what_they_cannot(text: str) -> None:
    assert not links.is_web_url(text)
