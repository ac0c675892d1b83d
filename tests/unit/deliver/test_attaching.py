"""Files that messages name: found once for a batch, and given to each as its channel takes them."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast
from uuid import UUID

import pytest
from sqlalchemy.exc import OperationalError

from shared import file_links, ids
from shared.db.lines import Lines
from shared.domain import files
from shared.domain.channels import Channel
from shared.domain.content import EmailBody, Message
from shared.domain.files import File
from shared.domain.outcome import Action, Code, NotSent
from tests.unit.deliver.conftest import TokenCredentials
from tests.unit.domain.test_files import file
from tests.unit.factories import NOW, claim, template_claim
from worker.channels.base import Attachment
from worker.deliver import attaching, prepare
from worker.deliver.attaching import Prepared
from worker.deliver.claim import Claim
from worker.deliver.one import Ready, Stopped

pytestmark = pytest.mark.usefixtures("keys")

NOT_FOUND = NotSent(code=Code.FILE_NOT_FOUND, reason="file not found", action=Action.PERMANENT)
ACCOUNT = ids.new()
PICTURE = replace(file(name="struk.png"), account_id=ACCOUNT)
INVOICE = replace(file("application/pdf", name="faktur.pdf"), account_id=ACCOUNT)


@dataclass
class Library:
    """The files there are, and what was asked for."""

    files: Sequence[File] = (PICTURE, INVOICE)
    asked: tuple[str, ...] | None = None
    error: Exception | None = None

    async def look_up(self, lines: Lines, wanted: set[str]) -> dict[UUID, File]:
        del lines
        assert self.asked is None
        self.asked = tuple(sorted(wanted))
        if self.error is not None:
            raise self.error
        return {each.id: each for each in self.files}


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    made = Library()
    monkeypatch.setattr(attaching, "_look_up", made.look_up)
    monkeypatch.setattr(attaching, "_PATIENCE", 0.0)
    return made


def named(identifier: UUID) -> str:
    return ids.encode(ids.FILE, identifier)


def with_file(file_id: str, kind: str = "image", **changes: Any) -> Claim:
    rich = {"fileId": file_id, **changes.pop("rich", {})}
    return claim(**{"account_id": ACCOUNT, "content": {"type": kind, "richContext": rich}, **changes})


def email(*attachments: dict[str, str], **changes: Any) -> Claim:
    body = {"subject": "Hi", "html": "<p>Hi</p>", "attachments": list(attachments)}
    return template_claim(**{"account_id": ACCOUNT, "channel": Channel.EMAIL, "template_body": body, **changes})


def ready(given: Claim) -> Ready:
    envelope = prepare.envelope(given)
    assert not isinstance(envelope, NotSent)
    return Ready(claim=given, envelope=envelope, credentials=TokenCredentials.model_validate({"token": "t"}))


def attach(*given: Claim) -> Sequence[Prepared]:
    return asyncio.run(attaching.attach(cast("Lines", None), [ready(each) for each in given]))


def stopped(prepared: Prepared) -> NotSent:
    assert isinstance(prepared, Stopped)
    return prepared.outcome


def test_a_batch_without_files_asks_nothing(library: Library) -> None:
    prepared = attach(claim(), email())
    assert all(isinstance(each, Ready) for each in prepared)
    assert library.asked is None


def test_files_of_a_batch_are_looked_up_together(library: Library) -> None:
    prepared = attach(claim(), with_file(named(PICTURE.id)), with_file(named(PICTURE.id)), email({"fileId": named(INVOICE.id)}))
    assert all(isinstance(each, Ready) for each in prepared)
    assert library.asked == tuple(sorted({named(PICTURE.id), named(INVOICE.id)}))


@pytest.mark.parametrize(("rich", "shown"), [({}, "struk.png"), ({"fileName": "Struk"}, "Struk.png")])
@pytest.mark.usefixtures("library")
def test_a_message_gets_a_link_in_place_of_the_id(rich: dict[str, str], shown: str) -> None:
    (prepared,) = attach(with_file(named(PICTURE.id), rich=rich))
    assert isinstance(prepared, Ready)
    assert isinstance(prepared.envelope.content, Message)
    context = prepared.envelope.content.rich_context
    assert (context.file_id, context.file_name, context.file_url) == (None, shown, file_links.make(PICTURE, NOW).url)


@pytest.mark.usefixtures("library")
def test_the_id_may_be_a_variable() -> None:
    (prepared,) = attach(with_file("{{name}}", variables={"name": named(PICTURE.id)}))
    assert isinstance(prepared, Ready)


@pytest.mark.usefixtures("library")
def test_an_email_gets_the_files_themselves() -> None:
    (prepared,) = attach(email({"fileId": named(INVOICE.id), "fileName": "Faktur {{name}}"}, {"fileId": named(PICTURE.id)}))
    assert isinstance(prepared, Ready)
    assert isinstance(prepared.envelope.content, EmailBody)
    assert prepared.envelope.attachments == (
        Attachment(name="Faktur Ann.pdf", media_type="application/pdf", location=INVOICE.location),
        Attachment(name="struk.png", media_type="image/png", location=PICTURE.location),
    )


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize(
    "given",
    [
        with_file("fil_1"),
        with_file(named(ids.new())),
        with_file(named(PICTURE.id), account_id=ids.new()),
        email({"fileId": named(INVOICE.id)}, {"fileId": named(ids.new())}),
    ],
)
def test_a_file_that_is_not_the_accounts_own_is_not_found(given: Claim) -> None:
    (prepared, other) = attach(given, with_file(named(PICTURE.id)))
    assert stopped(prepared) == NOT_FOUND
    assert isinstance(other, Ready)


@pytest.mark.usefixtures("library")
def test_a_file_that_the_channel_does_not_carry_is_told_before_the_call() -> None:
    (prepared,) = attach(with_file(named(INVOICE.id)))
    reason = "telegram does not take application/pdf as image"
    assert stopped(prepared) == NotSent(code=Code.CONTENT_UNSUPPORTED, reason=reason, action=Action.PERMANENT)


def test_attachments_that_are_too_large_are_told_before_the_call(library: Library) -> None:
    library.files = [replace(INVOICE, size_bytes=files.EMAIL_BYTES + 1)]
    (prepared,) = attach(email({"fileId": named(INVOICE.id)}))
    assert stopped(prepared).code is Code.CONTENT_TOO_LARGE


def test_who_has_no_files_goes_while_they_cannot_be_looked_up(library: Library) -> None:
    library.error = OperationalError("", None, Exception("away"))
    plain, waiting = attach(claim(), with_file(named(PICTURE.id)))
    assert isinstance(plain, Ready)
    assert (stopped(waiting).code, stopped(waiting).action) == (Code.INTERNAL_ERROR, Action.RETRY)


@pytest.mark.usefixtures("library")
def test_a_bug_of_ours_ends_one_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(given: Claim, *_: Any) -> File:
        return {True: PICTURE}[not given.variables]

    monkeypatch.setattr(attaching, "_own", broken)
    hit, spared = attach(with_file(named(PICTURE.id)), with_file(named(PICTURE.id), variables={}))
    assert stopped(hit).code is Code.INTERNAL_ERROR
    assert isinstance(spared, Ready)
