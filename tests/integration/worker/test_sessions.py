"""What gateways say of their devices: whose key it suspends, and which it lets be asked."""

from uuid import UUID

import pytest

from shared.domain.channels import Channel
from tests.integration.worker.conftest import Desk, later
from tests.integration.worker.heard import (
    Json,
    handle,
    hear,
    key_row,
    of_waha,
    store,
)


def _session(state: str, minutes: int, name: str = "default") -> bytes:
    return of_waha("session.status", minutes, name=name, status=state)


def _standing(desk: Desk, key_id: UUID) -> tuple[str, str | None]:
    row = key_row(desk, key_id)
    return row["status"], row["status_code"]


def test_a_device_that_is_gone_suspends_its_key_and_is_asked_for(desk: Desk) -> None:
    key_id = desk.key(Channel.WHATSAPP)
    hear(desk, key_id, _session("SCAN_QR_CODE", 1), "waha")
    row = key_row(desk, key_id)
    assert (row["status"], row["status_code"], row["status_reason"]) == ("suspended", "device_disconnected", "Device disconnected")
    assert row["probe_at"] <= later(0)


def test_a_device_that_is_back_is_asked_at_once(desk: Desk) -> None:
    waiting: Json = {"status": "suspended", "status_code": "device_disconnected", "status_at": later(-9), "probe_at": later(25)}
    key_id = desk.key(Channel.WHATSAPP, **waiting)
    hear(desk, key_id, _session("WORKING", 1), "waha")
    assert key_row(desk, key_id)["probe_at"] <= later(0)
    assert _standing(desk, key_id) == ("suspended", "device_disconnected")


@pytest.mark.parametrize("order", [("FAILED", "WORKING"), ("WORKING", "FAILED")])
def test_the_last_of_a_session_s_states_counts(desk: Desk, order: tuple[str, str]) -> None:
    key_id = desk.key(Channel.WHATSAPP)
    minutes = {"FAILED": 1, "WORKING": 2}
    handle(desk, *(store(desk, key_id, _session(state, minutes[state]), "waha") for state in order))
    assert _standing(desk, key_id) == ("active", None)


@pytest.mark.parametrize(
    ("state", "name", "before"),
    [
        ("FAILED", "another", {}),
        ("STARTING", "default", {}),
        ("WORKING", "default", {"status": "suspended", "status_reason": "holidays", "status_at": later(-9)}),
        ("FAILED", "default", {"status": "suspended", "status_reason": "holidays", "status_at": later(-9)}),
        ("FAILED", "default", {"status": "revoked", "status_at": later(-9)}),
        ("FAILED", "default", {"status_at": later(3600)}),
        ("FAILED", "default", {"status_at": later(-60)}),
    ],
    ids=["another session's", "starting", "a person's, back", "a person's, gone", "revoked", "resumed since", "told late"],
)
def test_what_a_session_has_no_say_in(desk: Desk, state: str, name: str, before: Json) -> None:
    key_id = desk.key(Channel.WHATSAPP, **before)
    unchanged = key_row(desk, key_id)
    hear(desk, key_id, _session(state, 1, name), "waha")
    assert key_row(desk, key_id) == unchanged
