"""What is told of a file by its name."""

import pytest

from worker.channels import files


@pytest.mark.parametrize("url", ["http://a.example/x", "https://a.example", "HTTPS://A.EXAMPLE/x", "http://[::1]:80/x"])
def test_web_address_can_be_fetched(url: str) -> None:
    assert files.is_fetchable(url)


@pytest.mark.parametrize(
    "url", ["", "x", "/x", "ftp://a.example/x", "http://", "https:///x", "http://[::1/x", "javascript:alert(1)"]
)
def test_anything_else_cannot(url: str) -> None:
    assert not files.is_fetchable(url)


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://a.example/b/c.pdf?x=1#y", "c.pdf"),
        ("https://a.example/b%20c.pdf", "b c.pdf"),
        ("https://a.example/", None),
        ("https://a.example", None),
    ],
)
def test_name_is_the_last_part_of_the_path(url: str, name: str | None) -> None:
    assert files.name(url) == name


@pytest.mark.parametrize(
    ("file_name", "url", "mimetype"),
    [
        ("a.png", "https://a.example/b.pdf", "image/png"),
        (None, "https://a.example/b.pdf?c.png", "application/pdf"),
        ("a", "https://a.example/b.mp4", "video/mp4"),
        ("a.nothing-known", "https://a.example/b", None),
        ("data:text/html,x", "https://a.example/b", None),
    ],
)
def test_type_is_guessed_by_the_ending(file_name: str | None, url: str, mimetype: str | None) -> None:
    assert files.mimetype(file_name, url) == mimetype
