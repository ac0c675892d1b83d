"""Uploading files, and finding, fetching and deleting them."""

import hashlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import func, select

from deploy.local.stack import Stack
from shared.db.tables import files
from tests.acceptance.backend import Backend, await_true
from tests.acceptance.files.library import PDF, PNG, Library, picture

MIB = 1024 * 1024


def _stored(stack: Stack) -> list[Path]:
    return [each for each in (stack.home.files / "files").rglob("*") if each.is_file()]


def test_a_form_and_a_bare_body_are_the_same_file(library: Library) -> None:
    octets = picture()
    first = library.upload(octets, "Struk Mei.png")
    again = library.upload_alone(octets, "Struk Mei.png", Content_Type="image/png")
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["data"] == again.json()["data"]
    file = first.json()["data"]
    assert (file["name"], file["media_type"], file["size_bytes"]) == ("Struk Mei.png", "image/png", len(octets))
    assert file["sha256"] == hashlib.sha256(octets).hexdigest()
    assert library.ask("GET", f"/v1/files/{file['id']}").json()["data"] == file


def test_the_bytes_come_back_and_do_nothing_in_the_apis_name(library: Library) -> None:
    octets = picture(3 * MIB)
    file_id = library.made(octets, 'faktur é "50%".png')
    fetched = library.ask("GET", f"/v1/files/{file_id}/content")
    assert fetched.content == octets
    assert fetched.headers["Content-Type"] == "image/png"
    assert fetched.headers["Content-Length"] == str(len(octets))
    assert fetched.headers["X-Content-Type-Options"] == "nosniff"
    assert fetched.headers["ETag"] == f'"{hashlib.sha256(octets).hexdigest()}"'
    assert fetched.headers["Content-Disposition"].endswith("; filename*=UTF-8''faktur%20%C3%A9%20%2250%25%22.png")
    head = library.ask("HEAD", f"/v1/files/{file_id}/content")
    assert (head.status_code, head.content, head.headers["Content-Length"]) == (200, b"", str(len(octets)))


def test_the_same_bytes_under_another_name_are_kept_once(library: Library, stack: Stack) -> None:
    octets, before = picture(), len(_stored(stack))
    first, second = library.made(octets, "a.png"), library.made(octets, "b.png")
    assert len(_stored(stack)) == before + 1
    assert library.ask("DELETE", f"/v1/files/{first}").json()["data"] == {"id": first, "object": "file", "deleted": True}
    assert library.ask("GET", f"/v1/files/{second}/content").content == octets
    assert library.ask("DELETE", f"/v1/files/{second}").status_code == 200
    assert len(_stored(stack)) == before
    assert {library.ask("GET", f"/v1/files/{each}{part}").status_code for each in (first, second) for part in ("", "/content")} == {
        404
    }
    assert library.ask("DELETE", f"/v1/files/{first}").status_code == 404


def test_what_was_deleted_can_be_uploaded_again(library: Library) -> None:
    octets = picture()
    first = library.made(octets)
    library.ask("DELETE", f"/v1/files/{first}")
    assert library.made(octets) != first


def test_files_are_found_by_name_and_type_page_by_page(library: Library) -> None:
    made = [library.made(picture(), f"Katalog {number}.png") for number in range(3)]
    report = library.made(PDF + picture(), "katalog.pdf", "application/pdf")
    first = library.ask("GET", "/v1/files", params={"name": "kataLOG", "limit": 2}).json()
    assert [each["id"] for each in first["data"]] == [report, made[2]]
    rest = library.ask("GET", "/v1/files", params={"name": "kataLOG", "limit": 2, "cursor": first["next_cursor"]}).json()
    assert ([each["id"] for each in rest["data"]], rest["has_more"]) == ([made[1], made[0]], False)
    for media_type in ("application", "application/pdf"):
        found = library.ask("GET", "/v1/files", params={"name": "katalog", "media_type": media_type}).json()["data"]
        assert [each["id"] for each in found] == [report]
    assert library.ask("GET", "/v1/files", params={"name": "k%g"}).json()["data"] == []


@pytest.mark.parametrize(
    ("query", "param"), [({"name": "ka"}, "name"), ({"media_type": "Image"}, "media_type"), ({"limit": "0"}, "limit")]
)
def test_a_wrong_query_is_named(library: Library, query: dict[str, str], param: str) -> None:
    refused = library.ask("GET", "/v1/files", params=query)
    assert (refused.status_code, refused.json()["error"]["param"]) == (400, param)


@pytest.mark.parametrize(
    ("octets", "name", "said"),
    [
        (b"MZ\x90\x00\x03", "a.png", "the content is a program"),
        (b"<!doctype html><script>", "a.png", "the content is HTML"),
        (PDF, "a.png", "the file is called image/png, but its content is application/pdf"),
        (b"", "a.png", "the file is empty"),
        (PNG, "a\u202egpj.png", "cannot be printed"),
    ],
)
def test_what_is_disguised_is_refused(library: Library, stack: Stack, octets: bytes, name: str, said: str) -> None:
    before = len(_stored(stack))
    refused = library.upload(octets, name)
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "invalid_file")
    assert said in refused.json()["error"]["message"]
    assert len(_stored(stack)) == before


def test_a_body_that_is_no_file_is_refused(library: Library) -> None:
    cut = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + picture()
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    answers = {
        "no name": library.ask("POST", "/v1/files", content=picture()),
        "another field": library.ask("POST", "/v1/files", files={"picture": ("a.png", picture(), "image/png")}),
        "not a file": library.ask("POST", "/v1/files", data={"file": "text"}, files={"x": ("x", b"x")}),
        "no boundary": library.ask("POST", "/v1/files", content=cut, headers={"Content-Type": "multipart/form-data"}),
        "cut": library.ask("POST", "/v1/files", content=cut, headers=form),
        "nothing": library.ask("POST", "/v1/files", content=b"", headers=form),
    }
    assert {what: answer.status_code for what, answer in answers.items()} == dict.fromkeys(answers, 400)


def _form(size: int) -> Iterator[bytes]:
    """Give a form with a file of so many bytes, step by step."""
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n' + PNG
    for _ in range(size // MIB):
        yield bytes(MIB)
    yield b"\r\n--b--\r\n"


def test_a_file_that_is_too_large_is_refused_however_it_comes(library: Library, stack: Stack) -> None:
    form = {"Content-Type": "multipart/form-data; boundary=b"}
    before = len(_stored(stack))
    assert library.ask("POST", "/v1/files", content=_form(MIB), headers=form).status_code == 201
    refused = library.ask("POST", "/v1/files", content=_form(101 * MIB), headers=form)
    assert (refused.status_code, refused.json()["error"]["code"]) == (413, "file_too_large")
    assert len(_stored(stack)) == before + 1


def _send(library: Library, head: str, octets: bytes) -> str:
    """Send the beginning of a request, end there, and give the status of the answer."""
    address = (library.http.base_url.host, library.http.base_url.port or 80)
    lines = f"POST /v1/files?name=cut.png HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {library.tenant.token}\r\n{head}\r\n\r\n"
    with socket.create_connection(address) as connection:
        connection.sendall(lines.encode() + octets)
        connection.shutdown(socket.SHUT_WR)
        return connection.recv(1000).partition(b"\r\n")[0].decode()


def _given_up(database: sqlalchemy.Engine, name: str) -> int:
    """Count the uploads that are not done."""
    asked = select(func.count()).where(files.c.name == name, files.c.deleted_at.is_not(None))
    with database.connect() as connection:
        return int(connection.execute(asked).scalar_one())


def test_an_upload_that_breaks_off_stores_nothing(library: Library, stack: Stack, database: sqlalchemy.Engine) -> None:
    octets, before = picture(20_000), len(_stored(stack))
    _send(library, f"Content-Length: {MIB}", octets)
    chunk = f"{len(octets):x}\r\n".encode() + octets + b"\r\n"
    assert _send(library, "Transfer-Encoding: chunked", chunk).startswith("HTTP/1.1 411 ")
    form = "Transfer-Encoding: chunked\r\nContent-Type: multipart/form-data; boundary=b"
    begun = next(_form(0)).replace(b"a.png", b"cut.png") + bytes(20_000)
    _send(library, form, f"{len(begun):x}\r\n".encode() + begun + b"\r\n")
    await_true(lambda: _given_up(database, "cut.png") == 2)
    assert library.ask("GET", "/v1/files", params={"name": "cut.png"}).json()["data"] == []
    assert len(_stored(stack)) == before


def test_another_account_has_the_same_bytes_for_itself(library: Library, stranger: Backend) -> None:
    octets = picture()
    mine = library.made(octets)
    theirs = Library(tenant=stranger, http=library.http).made(octets)
    assert theirs != mine
    assert stranger.get(f"/v1/files/{mine}/content").status_code == 404
    library.ask("DELETE", f"/v1/files/{mine}")
    assert stranger.get(f"/v1/files/{theirs}/content").content == octets


def _peak(stack: Stack) -> int:
    """Give the most memory that the processes of the api have had, in bytes."""
    pid = stack.pid("api")
    family = [pid, *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    lines = (line for each in family for line in Path(f"/proc/{each}/status").read_text().splitlines())
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def test_a_large_file_passes_through_the_api_without_staying_in_it(library: Library, stack: Stack) -> None:
    octets = picture(64 * MIB)
    for small in range(4):
        library.made(picture(12 * MIB), f"warm {small}.png")
    before = _peak(stack)
    file_id = library.made(octets, "large.png")
    assert hashlib.sha256(library.ask("GET", f"/v1/files/{file_id}/content").content).digest() == hashlib.sha256(octets).digest()
    assert _peak(stack) - before < 40 * MIB
    library.ask("DELETE", f"/v1/files/{file_id}")
