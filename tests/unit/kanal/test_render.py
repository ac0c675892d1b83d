"""What each way a send can stand is answered with."""

import json

import pytest

from api.dialects.kanal import errors, render
from api.numbers import Number
from shared import ids
from shared.domain import waba_templates
from shared.domain.content import JsonObject, WabaTemplate
from shared.domain.outcome import Code
from shared.domain.states import DeliveryState, SendState
from tests.unit.kanal.samples import TO, view

CONTACT = {"contact_id": 7890, "phone_number": "33612345678"}


@pytest.mark.parametrize(
    ("state", "sent", "failed", "is_open"),
    [
        (SendState.SENT, True, False, False),
        (SendState.FAILED, False, True, False),
        (SendState.CANCELLED, False, True, False),
        (SendState.EXPIRED, False, True, False),
        (SendState.UNKNOWN, False, False, False),
        (SendState.RUNNING, False, False, True),
    ],
)
def test_how_a_send_stands(state: SendState, sent: bool, failed: bool, is_open: bool) -> None:  # noqa: FBT001 - the table's columns.
    stands = view(state, DeliveryState.QUEUED)
    assert (render.is_sent(stands), render.has_failed(stands), render.is_open(stands)) == (sent, failed, is_open)


def test_the_answer_of_the_contract() -> None:
    assert json.dumps(render.accepted(TO, render.MESSAGE_SENT)) == (
        '{"success": true, "message": "Message sent successfully", "message_id": 123456, "contact_id": 7890,'
        ' "phone_number": "33612345678"}'
    )


@pytest.mark.parametrize(
    ("code", "reason", "error", "more"),
    [
        (Code.RECIPIENT_UNREACHABLE, "Message undeliverable", "Error sending message", {"details": "Message undeliverable"}),
        (Code.KEY_REVOKED, None, "Error sending message", {"details": "key_revoked"}),
        (None, None, "Error sending message", {"details": "failed"}),
        (Code.RECIPIENT_OPTED_OUT, "recipient has opted out", errors.OPTED_OUT, CONTACT),
        (Code.OUTSIDE_WINDOW, "outside the 24-hour window", errors.WINDOW_CLOSED, CONTACT),
        (Code.RECIPIENT_SUPPRESSED, "recipient is suppressed", "Error sending message", {"details": "recipient is suppressed"}),
    ],
)
def test_why_a_send_failed(code: Code | None, reason: str | None, error: str, more: JsonObject) -> None:
    refusal = render.refusal(view(SendState.FAILED, DeliveryState.FAILED, code=code, reason=reason), TO)
    assert (refusal.status, refusal.error, refusal.more) == (400, error, more)


def structure(*components: JsonObject) -> JsonObject:
    return render.structure(waba_templates.parts(WabaTemplate(name="x", language="id", components=components)))


def test_the_structure_of_a_template() -> None:
    buttons = [{"type": "QUICK_REPLY", "text": "Yes"}, {"type": "URL", "text": "Pay", "url": "https://x.example/{{code}}"}]
    told = structure(
        {"type": "header", "format": "IMAGE", "link": "https://x.example/{{picture}}"},
        {"type": "BODY", "text": "{{b}} {{ a }} {{b}}"},
        {"type": "FOOTER", "text": "Bye"},
        {"type": "BUTTONS", "buttons": buttons},
    )
    assert told == {
        "header": {"format": "IMAGE", "variables": [{"name": "picture"}]},
        "body": {"text": "{{b}} {{ a }} {{b}}", "variables": [{"name": "b"}, {"name": "a"}]},
        "buttons": [{**buttons[0], "variables": []}, {**buttons[1], "variables": [{"name": "code"}]}],
    }


def test_the_structure_of_a_template_of_nothing_but_text() -> None:
    assert structure({"type": "BODY", "text": "Hi"}) == {"header": None, "body": {"text": "Hi", "variables": []}, "buttons": []}
    assert structure() == {"header": None, "body": None, "buttons": []}


@pytest.mark.parametrize(("known", "number"), [("155500000000001", 155500000000001), (None, 0), ("", 0), ("a1", 0)])
def test_the_id_of_a_number_is_an_integer(known: str | None, number: int) -> None:
    assert render.phone_number_id(Number(id=ids.new(), sender=None, provider_id=known, window="enforce")) == number
    assert render.phone_number_id(None) == 0
