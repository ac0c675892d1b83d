"""One click stops the email of one sender, by the link the message itself carries."""

import email
import re

from tests.acceptance.backend import Backend


def _link(backend: Backend, address: str) -> str:
    """Take the link out of the headers of the message that was received."""
    message = email.message_from_string(backend.received("email", address)[0]["raw"])
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(r"<(.+)>", message["List-Unsubscribe"].replace("\r\n", "").replace(" ", ""))
    assert found is not None
    return found[1]


def test_one_click(backend: Backend) -> None:
    body = backend.send({"email": 0})
    assert backend.post(body).json()["status"] is True
    link = _link(backend, body["target"]["email"])
    assert backend.http.get(link).status_code == 200
    assert backend.post(body).json()["status"] is True
    assert [backend.http.post(link, content="List-Unsubscribe=One-Click").status_code for _ in range(2)] == [200, 200]
    assert backend.post(body).json()["channels"]["email"]["reason"] == "recipient is suppressed"


def test_a_link_that_was_altered(backend: Backend) -> None:
    body = backend.send({"email": 0})
    backend.post(body)
    link = _link(backend, body["target"]["email"])
    altered = link[:-1] + ("A" if link[-1] != "A" else "B")
    assert backend.http.post(altered[:-3] + "xyz").status_code == 404
    assert backend.http.post(f"{link}AAAA").status_code == 404
