"""Links to files: whoever has one may fetch, while it works."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from deploy.local.stack import Stack
from shared import file_links, ids
from tests.acceptance.files.library import PDF, Library, picture
from tests.integration import this_process


@pytest.fixture(scope="module")
def anybody(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=stack.base_url) as http:
        yield http


@pytest.fixture(scope="module")
def _own_process(stack: Stack) -> Iterator[None]:
    """This process signs as the stack does."""
    with this_process.set_up(stack.environment()):
        yield


def _token(file_id: str, seconds: float) -> str:
    identifier = ids.decode(ids.FILE, file_id)
    assert identifier is not None
    return file_links.token(identifier, datetime.now(UTC) + timedelta(seconds=seconds))


def test_anybody_with_the_link_gets_the_file(library: Library, anybody: httpx.Client) -> None:
    octets = picture()
    link = library.link(library.made(octets, "Struk é.png"))
    assert link.startswith(str(anybody.base_url).rstrip("/") + "/files/")
    assert link.endswith("/Struk%20%C3%A9.png")
    fetched = anybody.get(link)
    assert (fetched.status_code, fetched.content, fetched.headers["Content-Type"]) == (200, octets, "image/png")
    assert fetched.headers["Content-Disposition"].startswith("inline; ")
    assert fetched.headers["Cache-Control"].startswith("private, max-age=3")
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    head = anybody.head(link)
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(octets)))


def test_a_document_is_saved_and_not_shown(library: Library, anybody: httpx.Client) -> None:
    fetched = anybody.get(library.link(library.made(PDF + picture(), "faktur.pdf", "application/pdf")))
    assert fetched.headers["Content-Disposition"].startswith('attachment; filename="faktur.pdf"')


@pytest.mark.usefixtures("_own_process")
def test_a_link_works_until_it_expires(library: Library, anybody: httpx.Client) -> None:
    file_id = library.made(picture())
    assert anybody.get(f"/files/{_token(file_id, 60)}/a.png").status_code == 200
    expired = library.http.get(f"/files/{_token(file_id, -1)}/a.png")
    assert (expired.status_code, expired.json()["error"]["code"]) == (410, "link_expired")


def test_a_link_that_was_altered_is_none(library: Library) -> None:
    start, token, name = library.link(library.made(picture())).rsplit("/", 2)
    altered = [token[:-1], f"{token}A", token[:10] + ("A" if token[10] != "A" else "B") + token[11:], "x"]
    assert [library.http.get(f"{start}/{each}/{name}").status_code for each in altered] == [404] * 4


def test_a_link_to_a_file_that_is_gone_is_none(library: Library) -> None:
    file_id = library.made(picture())
    link = library.link(file_id)
    library.ask("DELETE", f"/v1/files/{file_id}")
    assert library.http.get(link).status_code == 404
    assert library.ask("POST", f"/v1/files/{file_id}/links").status_code == 404
