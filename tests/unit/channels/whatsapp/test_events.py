"""The webhooks of WAHA and GOWA."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.domain.outcome import Code
from shared.domain.receipts import Receipt
from worker.channels.base import Inbound, News
from worker.channels.whatsapp import gowa_events, message_ids, waha, waha_events

DELIVERY = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc1")
OURS = message_ids.message_id(DELIVERY)
PERSON = "6281234567890"
_AT = datetime(2026, 11, 20, 8, 0, tzinfo=UTC)
_SECONDS = int(_AT.timestamp())


def of_waha(event: str, **payload: Any) -> News:
    envelope = {"id": "evt_1", "timestamp": _SECONDS * 1000, "event": event, "session": "sales", "payload": payload}
    return waha_events.read(json.dumps(envelope).encode())


def ack(level: Any = 2, message_id: Any = f"true_{PERSON}@c.us_{OURS}", **more: Any) -> News:
    people = {"from": "15550001111@c.us", "to": f"{PERSON}@c.us", "fromMe": True}
    return of_waha("message.ack", id=message_id, ack=level, **{**people, **more})


@pytest.mark.parametrize(
    ("level", "receipt"), [(-1, Receipt.FAILED), (1, Receipt.SENT), (2, Receipt.DELIVERED), (3, Receipt.READ), (4, Receipt.READ)]
)
def test_an_ack_is_a_receipt(level: int, receipt: Receipt) -> None:
    (report,) = ack(level).reports
    assert (report.receipt, report.delivery_id) == (receipt, DELIVERY)
    assert (report.refusal.code if report.refusal else None) == (Code.PROVIDER_ERROR if receipt is Receipt.FAILED else None)


@pytest.mark.parametrize(
    "nothing", [{"level": 0}, {"level": 9}, {"level": True}, {"level": "2"}, {"message_id": ""}, {"fromMe": False}]
)
def test_an_ack_may_say_nothing(nothing: dict[str, Any]) -> None:
    assert ack(**nothing) == News()


def test_a_message_of_waha_s_own_id_is_known_by_all_its_spellings() -> None:
    """WhatsApp may hide the number between the answer to a call and its acknowledgement."""
    hidden = {"remoteJidAlt": f"{PERSON}:3@s.whatsapp.net"}
    (report,) = ack(message_id="true_99@lid_3EB0ABC", to="99@lid", _data={"key": hidden}).reports
    assert report.delivery_id is None
    assert {"3EB0ABC", f"true_{PERSON}@c.us_3EB0ABC"} <= set(report.spellings)
    assert report.names(f"true_{PERSON}@c.us_3EB0ABC")
    assert not report.names(f"true_{PERSON}@c.us_3EB0ABCD")


def test_a_message_in_a_group_is_known_too() -> None:
    (report,) = ack(message_id=f"true_120363042@g.us_{OURS}_15550001111@c.us", to="120363042@g.us").reports
    assert (report.delivery_id, report.bare_id) == (DELIVERY, OURS)


def from_waha(**more: Any) -> News:
    usual = {"id": f"false_{PERSON}@c.us_A1", "timestamp": _SECONDS, "from": f"{PERSON}@c.us", "fromMe": False, "body": "STOP"}
    return of_waha("message", **{**usual, **more})


def test_waha_brings_what_a_person_wrote() -> None:
    expected = Inbound(provider_message_id=f"false_{PERSON}@c.us_A1", address=PERSON, at=_AT, kind="text", text="STOP")
    assert from_waha() == News(inbound=(expected,))


@pytest.mark.parametrize(
    ("more", "address"),
    [
        ({"from": "99@lid"}, "99@lid"),
        ({"from": "99@lid", "_data": {"key": {"remoteJidAlt": f"{PERSON}@s.whatsapp.net"}}}, PERSON),
        ({"from": "99@lid", "_data": {"Info": {"SenderAlt": f"{PERSON}:12@s.whatsapp.net"}}}, PERSON),
        ({"from": "99@lid", "_data": {"Info": {"SenderAlt": "120363042@g.us"}}}, "99@lid"),
    ],
)
def test_a_person_is_known_by_the_number_where_it_can_be_had(more: dict[str, Any], address: str) -> None:
    assert [inbound.address for inbound in from_waha(**more).inbound] == [address]


@pytest.mark.parametrize("chat", ["120363042@g.us", "120363042@newsletter", "status@broadcast", "1@c.us", PERSON, "", None])
def test_what_is_written_to_many_is_not_a_conversation(chat: Any) -> None:
    assert from_waha(**{"from": chat}) == News()
    assert from_waha(**{"from": chat}, _data={"Info": {"SenderAlt": f"{PERSON}@s.whatsapp.net"}}) == News()


@pytest.mark.parametrize("more", [{"fromMe": True}, {"fromMe": None}, {"id": ""}, {"timestamp": "soon"}, {"timestamp": 10**400}])
def test_what_is_nobody_s_or_never_is_not(more: dict[str, Any]) -> None:
    assert from_waha(**more) == News()


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"hasMedia": True, "media": {"mimetype": "image/jpeg"}}, "image"),
        ({"hasMedia": True}, "media"),
        ({"location": {"latitude": 1.0}}, "location"),
    ],
)
def test_a_message_of_waha_has_a_kind_and_its_writer_a_name(more: dict[str, Any], kind: str) -> None:
    (inbound,) = from_waha(**more, _data={"pushName": "Ann"}, body="").inbound
    assert (inbound.kind, inbound.name, inbound.text) == (kind, "Ann", None)


@pytest.mark.parametrize("state", [*waha.SESSION_STATES, "SOMETHING_NEW"])
def test_a_session_is_connected_or_not_or_starting(state: str) -> None:
    session = of_waha("session.status", name="sales", status=state).session
    expected = {"WORKING": True, "STARTING": None}.get(state, False)
    assert (session.connected if session else None) is expected
    assert session is None or (session.name, session.at) == ("sales", _AT)


@pytest.mark.parametrize("event", ["message.any", "message.reaction", "state.change", None, 7])
def test_other_events_of_waha_tell_nothing(event: Any) -> None:
    assert of_waha(event, id="true_1@c.us_A", ack=2, status="FAILED", fromMe=False) == News()


def of_gowa(event: str, **payload: Any) -> News:
    return gowa_events.read(json.dumps({"event": event, "device_id": "1@s.whatsapp.net", "payload": payload}).encode())


@pytest.mark.parametrize(("said", "receipt"), [("delivered", Receipt.DELIVERED), ("read", Receipt.READ)])
def test_gowa_reports_several_messages_at_once(said: str, receipt: Receipt) -> None:
    reports = of_gowa("message.ack", ids=["3EB0A", "", 7, "3EB0B"], receipt_type=said).reports
    assert [(report.provider_message_id, report.receipt, report.delivery_id) for report in reports] == [
        ("3EB0A", receipt, None),
        ("3EB0B", receipt, None),
    ]


@pytest.mark.parametrize("payload", [{"ids": ["3EB0A"], "receipt_type": "retry"}, {"ids": "3EB0A", "receipt_type": "read"}, {}])
def test_gowa_may_report_nothing(payload: dict[str, Any]) -> None:
    assert of_gowa("message.ack", **payload) == News()


def from_gowa(**more: Any) -> News:
    chat = f"{PERSON}@s.whatsapp.net"
    usual = {"id": "3EB0C", "chat_id": chat, "from": chat, "from_name": "Ann", "timestamp": "2026-11-20T08:00:00Z", "body": "STOP"}
    return of_gowa("message", **{**usual, "is_from_me": False, **more})


def test_gowa_brings_what_a_person_wrote() -> None:
    expected = Inbound(provider_message_id="3EB0C", address=PERSON, at=_AT, kind="text", text="STOP", name="Ann")
    assert from_gowa() == News(inbound=(expected,))


def test_gowa_brings_captions() -> None:
    (inbound,) = from_gowa(body=None, image={"path": "a.jpg", "caption": "look"}).inbound
    assert (inbound.kind, inbound.text) == ("image", "look")


@pytest.mark.parametrize("more", [{"chat_id": "120363042@g.us"}, {"is_from_me": True}, {"timestamp": "soon"}, {"id": None}])
def test_gowa_s_other_messages_are_nobody_s(more: dict[str, Any]) -> None:
    assert from_gowa(**more) == News()
