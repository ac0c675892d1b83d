"""From what is stored to what is told: messages by how far they got, templates, and who is asking."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from api import auth, cursors
from api.dialects.kirim import queries, render
from api.errors import InvalidRequest
from shared import ids
from shared.domain.messages import Message, Status
from shared.domain.receipts import Receipt
from shared.domain.states import DeliveryState
from shared.management.accounts import Account
from shared.management.meta_templates import MetaTemplate
from shared.management.tokens import Token

_ID = UUID("01890a5d-ac96-774b-bcce-b302099a8050")
_NOTHING = {"code": None, "reason": None, "detail": None}


def message(state: DeliveryState, receipt: Receipt | None = None, **changes: Any) -> Message:
    usual = {"id": _ID, "to": "+628111111111", "type": "text", "sender": "15550001111", "provider_message_id": "wamid.1"}
    return Message(**{**usual, "state": state, "receipt": receipt, "request_id": "req_1", **_NOTHING, **changes})


_STATUSES = [
    *((state, receipt, Status.PENDING) for state in ("waiting", "queued", "claimed") for receipt in (None, *Receipt)),
    *((state, receipt, Status.FAILED) for state in ("failed", "unknown", "cancelled", "skipped") for receipt in (None, *Receipt)),
    ("sent", None, Status.SENT),
    ("sent", Receipt.SENT, Status.SENT),
    ("sent", Receipt.DELIVERED, Status.DELIVERED),
    ("sent", Receipt.READ, Status.READ),
    ("sent", Receipt.FAILED, Status.SENT),
]


@pytest.mark.parametrize(("state", "receipt", "status"), _STATUSES)
def test_how_far_a_message_got(state: str, receipt: Receipt | None, status: Status) -> None:
    found = message(DeliveryState(state), receipt)
    assert found.status is status
    assert (found.error is not None) is (status is Status.FAILED)


def test_every_state_has_a_status() -> None:
    assert {state for state, _, _ in _STATUSES} == {state.value for state in DeliveryState}


@pytest.mark.parametrize(
    ("state", "failure", "error"),
    [
        (
            DeliveryState.FAILED,
            {"code": "recipient_unreachable", "reason": "the message is undeliverable", "detail": {"code": 131026}},
            ("recipient_not_on_whatsapp", "the message is undeliverable", 131026),
        ),
        (DeliveryState.FAILED, {"code": "key_suspended", "reason": "paused"}, ("key_suspended", "paused", None)),
        (DeliveryState.CANCELLED, {}, ("cancelled", "cancelled", None)),
        (
            DeliveryState.UNKNOWN,
            {"code": "answer_timeout", "reason": "no answer"},
            ("outcome_unknown", "no answer", None),
        ),
    ],
)
def test_why_a_message_failed(state: DeliveryState, failure: dict[str, Any], error: tuple[str, str, int | None]) -> None:
    told = render.message(message(state, **failure))["error"]
    assert (told["code"], told["message"], told["provider_code"]) == error
    assert list(told) == ["code", "message", "provider_code"]


def test_an_accepted_message_and_a_found_one_begin_alike() -> None:
    accepted = {
        "id": "msg_01H455VB4PEX5VSKNK084SN02G",
        "object": "message",
        "to": "+628111111111",
        "type": "text",
        "status": "pending",
        "created_at": "2023-06-30T03:34:18.518Z",
    }
    assert json.dumps(render.accepted(_ID, "+628111111111", "text")) == json.dumps(accepted)
    found = render.message(message(DeliveryState.QUEUED))
    assert json.dumps(found) == json.dumps({**accepted, "from": "+15550001111", "provider_message_id": "wamid.1"})
    assert render.message(message(DeliveryState.SENT, sender=None))["from"] is None


def test_a_template() -> None:
    found = MetaTemplate(id=33, name="a", language="id", category="UTILITY", status="approved", active=True, components=[])
    told = render.template(found)
    assert told.pop("id") == "tmpl_00000000000000000000000011"
    assert told == {
        "object": "template",
        "name": "a",
        "language": "id",
        "category": "UTILITY",
        "status": "approved",
        "active": True,
        "components": [],
    }


_NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({}, {"tier": "default", "write_per_minute": 60, "read_per_minute": 600}),
        ({"kanal_per_minute": 5}, {"tier": "default", "write_per_minute": 60, "read_per_minute": 600}),
        ({"read_per_minute": 5}, {"tier": "custom", "write_per_minute": 60, "read_per_minute": 5}),
    ],
)
def test_who_is_asking(settings: dict[str, int], told: dict[str, Any]) -> None:
    account = Account(id=_ID, name="Toko", status="active", subscribed=True, settings=settings, created_at=_NOW)
    token = Token(
        id=_ID,
        account_id=_ID,
        prefix="antar_abc",
        last4="wxyz",
        label=None,
        bound_key_id=None,
        created_at=_NOW,
        expires_at=None,
        revoked_at=None,
    )
    data = render.me(account, token, auth.Caller(account_id=_ID, token_id=_ID, settings=settings))
    assert data == {
        "organization": {"id": "org_01H455VB4PEX5VSKNK084SN02G", "object": "organization", "name": "Toko"},
        "api_key": {"id": "key_01H455VB4PEX5VSKNK084SN02G", "object": "api_key", "label": None, "last4": "wxyz"},
        "rate_limits": told,
    }


def test_a_query_without_anything() -> None:
    query = queries.messages({}, _ID)
    assert (query.limit, query.before_id, query.inbound, query.filters.status) == (25, None, False, None)
    assert queries.templates({"status": "all"}, _ID).status is None


@pytest.mark.parametrize("to", ["+628111111111", "628111111111", " 628111111111"])
def test_a_recipient_is_found_in_any_spelling(to: str) -> None:
    assert queries.messages({"to": to}, _ID).filters.to == to


def test_a_cursor_belongs_to_its_list_and_its_filters() -> None:
    first = queries.messages({"status": "sent"}, _ID)
    cursor = cursors.encode(_ID, first.search)
    assert queries.messages({"status": "sent", "cursor": cursor, "limit": "1"}, _ID).before_id == _ID
    for arguments, account_id in (({}, _ID), ({"status": "read"}, _ID), ({"status": "sent"}, ids.new())):
        with pytest.raises(InvalidRequest) as refusal:
            queries.messages({**arguments, "cursor": cursor}, account_id)
        assert refusal.value.code == "invalid_cursor"
    with pytest.raises(InvalidRequest):
        queries.templates({"cursor": cursor}, _ID)


def test_a_cursor_that_somebody_made_up_names_a_template_there_can_be() -> None:
    search = queries.templates({}, _ID).search
    assert queries.templates({"cursor": cursors.encode(UUID(int=7), search)}, _ID).before_id == 7
    assert queries.templates({"cursor": cursors.encode(UUID(int=1 << 100), search)}, _ID).before_id == (1 << 63) - 1
