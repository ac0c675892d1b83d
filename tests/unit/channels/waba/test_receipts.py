"""Meta's webhooks of statuses, and whatever else may be posted in their place."""

import contextlib
import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.domain.outcome import Action, Code
from shared.domain.receipts import Receipt
from tests import schemas
from worker.channels.waba import errors, receipts

DELIVERY = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc1")

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["entry", "changes", "value", "statuses", "id", "status", "errors", "code"]), inner)
    ),
    max_leaves=30,
)


def webhook(*statuses: Any) -> bytes:
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, "statuses": list(statuses)}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}).encode()


def status(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "wamid.1", "status": name, "timestamp": "1698266945", "recipient_id": "6281", **more}


def test_the_published_ones_are_read() -> None:
    published: dict[str, Any] = schemas.provider_file("waba/webhooks/pywa_message_status.json")
    found = {name: receipts.read(json.dumps(document).encode()) for name, document in published.items()}
    for name in ("sent", "delivered", "read"):
        (report,) = found[name]
        assert (report.receipt, report.delivery_id) == (Receipt(name), None)
        assert report.provider_message_id.startswith("wamid.")
    (failed,) = found["failed"]
    assert failed.refusal is not None


@pytest.mark.parametrize(("name", "receipt"), [*((receipt.value, receipt) for receipt in Receipt), ("played", Receipt.READ)])
def test_every_status_is_a_receipt(name: str, receipt: Receipt) -> None:
    (report,) = receipts.read(webhook(status(name, biz_opaque_callback_data=str(DELIVERY))))
    assert (report.receipt, report.delivery_id, report.provider_message_id) == (receipt, DELIVERY, "wamid.1")
    assert (report.refusal is not None) is (receipt is Receipt.FAILED)


@pytest.mark.parametrize("data", ["order 17", "", 17, None, {"id": 1}])
def test_others_send_along_what_they_like(data: Any) -> None:
    (report,) = receipts.read(webhook(status("sent", biz_opaque_callback_data=data)))
    assert report.delivery_id is None


@pytest.mark.parametrize("given", [status("deleted"), status("warning"), {"status": "sent"}, status("sent", id=7), "sent", None])
def test_what_reports_nothing_is_left_out(given: Any) -> None:
    assert [report.receipt for report in receipts.read(webhook(given, status("read")))] == [Receipt.READ]


@pytest.mark.parametrize("code", sorted(errors.CODES))
def test_a_failure_has_the_verdict_of_its_code(code: int) -> None:
    (report,) = receipts.read(webhook(status("failed", errors=[{"code": code, "title": "t", "message": "m"}])))
    assert report.refusal is not None
    assert report.refusal.code is errors.CODES[code].code
    assert report.refusal.detail["code"] == code


def test_a_failure_says_why_in_meta_s_words() -> None:
    error = {"code": 131026, "title": "t", "message": "m", "error_data": {"details": "no WhatsApp\0 account"}, "href": "h"}
    (report,) = receipts.read(webhook(status("failed", errors=[error])))
    assert report.refusal is not None
    assert (report.refusal.reason, report.refusal.action) == ("no WhatsApp account", Action.NEXT)


@pytest.mark.parametrize("listed", [None, [], [{}], [{"code": 999_999}], "131026", [{"code": True}]])
def test_a_failure_without_a_known_code_is_a_failure(listed: Any) -> None:
    (report,) = receipts.read(webhook(status("failed", errors=listed)))
    assert report.refusal is not None
    assert report.refusal.code is Code.PROVIDER_ERROR


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000])
def test_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        receipts.read(body)


@given(anything)
def test_any_json_is_read(document: Any) -> None:
    receipts.read(json.dumps(document).encode())


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(ValueError):
        receipts.read(body)
