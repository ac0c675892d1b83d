"""Files that messages name by their id, as each provider gets them."""

import email
import email.policy
import re
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from shared import ids
from shared.domain.channels import Channel
from shared.management import templates
from tests.acceptance.backend import JsonObject
from tests.acceptance.files.library import MP4, PDF, Library, picture
from tests.acceptance.openapi import tenants

MIB = 1024 * 1024
_KINDS: dict[str, tuple[str, Callable[[], bytes]]] = {
    "png": ("image", picture),
    "pdf": ("document", lambda: PDF + picture()),
    "mp4": ("video", lambda: MP4 + picture()),
}
_TYPES = {"png": "image/png", "pdf": "application/pdf", "mp4": "video/mp4"}


def _content(file_id: str, kind: str = "image", **rich: Any) -> JsonObject:
    return {"message": {"type": kind, "message": "Struk Anda", "richContext": {"fileId": file_id, **rich}}}


def _outcome(library: Library, content: JsonObject, **target: Any) -> tuple[JsonObject, JsonObject]:
    """Send over channels, and give what was sent and what became of each."""
    body = library.tenant.send(dict.fromkeys(content, 0), content)
    body["target"].update(target)
    answer = library.tenant.post(body)
    assert answer.status_code == 200, answer.text
    return body, answer.json()["channels"]


def _links(received: JsonObject) -> list[str]:
    """Take every link to a file out of what a provider got."""
    return re.findall(r"https?://[^\s\"'\\]+/files/[^\s\"'\\]+", repr(received))


@pytest.mark.parametrize("channel", ["whatsapp", "waba", "telegram"])
@pytest.mark.parametrize("ending", ["png", "pdf", "mp4"])
def test_a_provider_gets_a_link_that_works(library: Library, channel: str, ending: str) -> None:
    kind, made = _KINDS[ending]
    octets = made()
    file_id = library.made(octets, f"struk.{ending}", _TYPES[ending])
    body, outcome = _outcome(library, {channel: _content(file_id, kind)})
    assert outcome[channel]["status"] is True, outcome
    (received,) = library.tenant.received(channel, body["target"][channel])
    assert file_id not in repr(received)
    (link,) = set(_links(received))
    assert link.endswith(f"/struk.{ending}")
    fetched = httpx.get(link)
    assert (fetched.status_code, fetched.content, fetched.headers["Content-Type"]) == (200, octets, _TYPES[ending])


def _template(library: Library, stack: Stack, *attachments: JsonObject) -> int:
    """Make an email template that carries files."""
    account_id = ids.decode(ids.ORGANISATION, library.tenant.account)  # type: ignore[attr-defined]
    assert account_id is not None
    body = {"subject": "Faktur", "html": "<p>Hi {{name}}</p>", "attachments": list(attachments)}
    with tenants.connected(stack) as connection:
        made = templates.create(connection, account_id, Channel.EMAIL, f"faktur {ids.new()}", body)
        return templates.approve(connection, made.id).id


def test_an_email_carries_the_files_themselves(library: Library, stack: Stack) -> None:
    invoice, photo = PDF + picture(2 * MIB), picture()
    invoice_id = library.made(invoice, "faktur é.pdf", "application/pdf")
    template = _template(
        library, stack, {"fileId": "{{invoice}}", "fileName": "Faktur {{name}}"}, {"fileId": library.made(photo, "toko.png")}
    )
    variables = {"name": "Ann", "invoice": invoice_id}
    body, outcome = _outcome(library, {"email": {"template": template}}, variables=variables)
    assert outcome["email"]["status"] is True, outcome
    (received,) = library.tenant.received("email", body["target"]["email"])
    message = email.message_from_string(received["raw"], policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    found = [(each.get_filename(), each.get_content_type(), each.get_content()) for each in message.iter_attachments()]
    assert found == [("Faktur Ann.pdf", "application/pdf", invoice), ("toko.png", "image/png", photo)]
    body_part = message.get_body(("html",))
    assert body_part is not None
    assert "Hi Ann" in body_part.get_content()


def test_a_file_that_was_deleted_fails_its_channel_and_the_next_goes_on(library: Library) -> None:
    file_id = library.made(picture())
    library.ask("DELETE", f"/v1/files/{file_id}")
    body = library.tenant.send(
        {"whatsapp": 0, "telegram": 1}, {"whatsapp": _content(file_id), "telegram": _content(library.made(picture()))}
    )
    channels = library.tenant.post(body).json()["channels"]
    assert (channels["whatsapp"]["status"], channels["whatsapp"]["reason"]) == (False, "file not found")
    assert channels["telegram"]["status"] is True
    assert library.tenant.received("whatsapp", body["target"]["whatsapp"]) == []


def test_a_file_that_one_channel_does_not_take_goes_by_another(library: Library) -> None:
    file_id = library.made(picture(6 * MIB))
    content = {channel: _content(file_id) for channel in ("waba", "telegram", "whatsapp")}
    _, outcome = _outcome(library, content)
    size, limit = 6 * MIB, 5 * MIB
    assert [outcome[each]["status"] for each in content] == [False, False, True]
    assert outcome["waba"]["reason"] == f"waba image: {size} bytes; at most {limit} can be sent"
    assert outcome["telegram"]["reason"] == f"telegram image: {size} bytes; at most {limit} can be sent"


def test_another_accounts_file_is_not_found(library: Library, stranger: Any) -> None:
    theirs = Library(tenant=stranger, http=library.http).made(picture())
    _, outcome = _outcome(library, {"whatsapp": _content(theirs)})
    assert outcome["whatsapp"]["reason"] == "file not found"


def test_attachments_that_are_gone_or_too_large_fail_the_email_before_it_is_sent(library: Library, stack: Stack) -> None:
    large = library.made(PDF + picture(11 * MIB), "besar.pdf", "application/pdf")
    for file_id, said in ((large, "email attachments: "), (ids.encode(ids.FILE, ids.new()), "file not found")):
        body, outcome = _outcome(library, {"email": {"template": _template(library, stack, {"fileId": file_id})}})
        assert outcome["email"]["reason"].startswith(said)
        assert library.tenant.received("email", body["target"]["email"]) == []
