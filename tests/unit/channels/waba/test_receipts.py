"""Meta's webhooks of statuses, and whatever else may be posted in their place."""

import json
from typing import Any
from uuid import UUID

import pytest

from shared.domain.outcome import Action, Code, Mark
from shared.domain.receipts import Receipt
from tests import schemas
from worker.channels.base import Inbound, News, Report
from worker.channels.waba import errors, receipts

DELIVERY = UUID("0192f3a4-5b6c-7d8e-9f01-23456789abc1")


def webhook(*statuses: Any) -> bytes:
    change = {"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, "statuses": list(statuses)}}
    return json.dumps({"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}).encode()


def status(name: str, **more: Any) -> dict[str, Any]:
    return {"id": "wamid.1", "status": name, "timestamp": "1698266945", "recipient_id": "6281", **more}


def reports(body: bytes) -> tuple[Report, ...]:
    return receipts.read(body).reports


def test_the_published_ones_are_read() -> None:
    published: dict[str, Any] = schemas.provider_file("waba/webhooks/pywa_message_status.json")
    found = {name: reports(json.dumps(document).encode()) for name, document in published.items()}
    for name in ("sent", "delivered", "read"):
        (report,) = found[name]
        assert (report.receipt, report.delivery_id) == (Receipt(name), None)
        assert report.provider_message_id.startswith("wamid.")
    (failed,) = found["failed"]
    assert failed.refusal is not None


@pytest.mark.parametrize(("name", "receipt"), [*((receipt.value, receipt) for receipt in Receipt), ("played", Receipt.READ)])
def test_every_status_is_a_receipt(name: str, receipt: Receipt) -> None:
    (report,) = reports(webhook(status(name, biz_opaque_callback_data=str(DELIVERY))))
    assert (report.receipt, report.delivery_id, report.provider_message_id) == (receipt, DELIVERY, "wamid.1")
    assert (report.refusal is not None) is (receipt is Receipt.FAILED)


@pytest.mark.parametrize("data", ["order 17", "", 17, None, {"id": 1}])
def test_others_send_along_what_they_like(data: Any) -> None:
    (report,) = reports(webhook(status("sent", biz_opaque_callback_data=data)))
    assert report.delivery_id is None


@pytest.mark.parametrize("given", [status("deleted"), status("warning"), {"status": "sent"}, status("sent", id=7), "sent", None])
def test_what_reports_nothing_is_left_out(given: Any) -> None:
    assert [report.receipt for report in reports(webhook(given, status("read")))] == [Receipt.READ]


@pytest.mark.parametrize("code", sorted(errors.CODES))
def test_a_failure_has_the_verdict_of_its_code(code: int) -> None:
    (report,) = reports(webhook(status("failed", errors=[{"code": code, "title": "t", "message": "m"}])))
    assert report.refusal is not None
    assert report.refusal.code is errors.CODES[code].code
    assert report.refusal.detail["code"] == code


def test_a_failure_says_why_in_meta_s_words() -> None:
    error = {"code": 131026, "title": "t", "message": "m", "error_data": {"details": "no WhatsApp\0 account"}, "href": "h"}
    (report,) = reports(webhook(status("failed", errors=[error])))
    assert report.refusal is not None
    assert (report.refusal.reason, report.refusal.action) == ("no WhatsApp account", Action.NEXT)


@pytest.mark.parametrize("listed", [None, [], [{}], [{"code": 999_999}], "131026", [{"code": True}]])
def test_a_failure_without_a_known_code_is_a_failure(listed: Any) -> None:
    (report,) = reports(webhook(status("failed", errors=listed)))
    assert report.refusal is not None
    assert report.refusal.code is Code.PROVIDER_ERROR


def test_who_has_opted_out_of_marketing_is_remembered() -> None:
    (report,) = reports(webhook(status("failed", errors=[{"code": 131050}])))
    (other,) = reports(webhook(status("failed", errors=[{"code": 131049}])))
    assert report.refusal is not None
    assert other.refusal is not None
    assert (report.refusal.mark, other.refusal.mark) == (Mark.OPTED_OUT, None)


def test_a_status_is_passed_on_as_if_it_had_come_alone() -> None:
    together = json.loads(webhook(status("sent", id="wamid.1"), status("read", id="wamid.2", recipient_id="6282")))
    value = together["entry"][0]["changes"][0]["value"]
    value["contacts"] = [{"wa_id": "6281", "profile": {"name": "Ann"}}]
    together["entry"].append(together["entry"][0])
    found = reports(json.dumps({**together, "padding": "x" * 99}).encode())
    assert [report.provider_message_id for report in found] == ["wamid.1", "wamid.2"] * 2
    contacts = {"contacts": value["contacts"]}
    for report, own, more in zip(found, value["statuses"] * 2, [contacts, {}] * 2, strict=True):
        change = {"field": "messages", "value": {"metadata": {"phone_number_id": "1"}, **more, "statuses": [own]}}
        assert report.raw == {"object": "whatsapp_business_account", "entry": [{"id": "2", "changes": [change]}]}


def published(name: str) -> dict[str, News]:
    documents: dict[str, Any] = schemas.provider_file(f"waba/webhooks/{name}.json")
    return {kind: receipts.read(json.dumps(document).encode()) for kind, document in documents.items()}


def test_the_published_messages_are_what_people_wrote() -> None:
    found = published("pywa_message")
    documents = schemas.provider_file("waba/webhooks/pywa_message.json")
    for name, news in found.items():
        (inbound,) = news.inbound
        (message,) = documents[name]["entry"][0]["changes"][0]["value"]["messages"]
        assert (inbound.address, inbound.sender, inbound.name) == ("972987654321", "1122334455667", "Test Name")
        assert (inbound.kind, inbound.at.timestamp()) == (message["type"], int(message["timestamp"]))
        assert news.numbers == {"1122334455667": "972123456789"}
        assert (news.reports, news.wishes) == ((), ())
    assert found["text"].inbound[0].text == "Body Text"
    assert found["text"].inbound[0].raw == documents["text"]
    assert found["image"].inbound[0].text is None


@pytest.mark.parametrize(("name", "kind"), [("pywa_callback_button", "interactive"), ("pywa_callback_selection", "interactive")])
def test_what_was_tapped_is_what_was_written(name: str, kind: str) -> None:
    found = [inbound for news in published(name).values() for inbound in news.inbound]
    assert {inbound.text for inbound in found} == {"title"}
    assert kind in {inbound.kind for inbound in found}


@pytest.mark.parametrize("name", ["pywa_account_update", "pywa_template_quality_update", "pywa_template_status_update"])
def test_what_meta_says_of_accounts_and_templates_is_not_of_people(name: str) -> None:
    for news in published(name).values():
        assert (news.reports, news.inbound, news.wishes) == ((), (), ())


def test_a_caption_is_what_was_written() -> None:
    written = [{"type": kind, kind: {"caption": "look"}} for kind in ("image", "video", "document")]
    assert [inbound.text for inbound in inbounds(*written)] == ["look"] * 3


def test_a_webhook_of_thousands_is_read_once_through() -> None:
    """Each status has the contact of its person beside it, who is not looked for among all of them."""
    looked_up = 0

    class Contact(dict[str, Any]):
        def get(self, key: str, default: Any = None) -> Any:
            nonlocal looked_up
            looked_up += key == "wa_id"
            return super().get(key, default)

    numbers = [str(6281000000000 + each) for each in range(2000)]
    value = {
        "contacts": [Contact(wa_id=number) for number in numbers],
        "statuses": [status("read", recipient_id=number) for number in numbers],
    }
    root = {"entry": [{"changes": [{"value": value}]}]}
    found = [report for change in receipts._changes(root) for report in receipts._reports(change)]
    assert [nested_contact(report) for report in found] == numbers
    assert looked_up == len(numbers)


def nested_contact(report: Report) -> str:
    assert report.raw is not None
    (contact,) = report.raw["entry"][0]["changes"][0]["value"]["contacts"]
    return str(contact["wa_id"])


def inbounds(*messages: Any) -> tuple[Inbound, ...]:
    usual = {"from": "6281234567890", "id": "wamid.1", "timestamp": "1698266945", "type": "text"}
    value = {"messages": [{**usual, **each} if isinstance(each, dict) else each for each in messages]}
    return receipts.read(json.dumps({"entry": [{"changes": [{"value": value}]}]}).encode()).inbound


@pytest.mark.parametrize(
    "unusable", [{"from": None}, {"from": "1"}, {"id": ""}, {"timestamp": None}, {"timestamp": "9" * 13}, {"group_id": "g"}, "text"]
)
def test_what_nobody_can_be_answered_for_is_left_out(unusable: Any) -> None:
    assert [inbound.text for inbound in inbounds(unusable, {"text": {"body": "Hi"}})] == ["Hi"]


@pytest.mark.parametrize(("value", "wishes"), [("stop", [False]), ("resume", [True]), ("maybe", [])])
def test_what_people_prefer_is_a_wish(value: str, wishes: list[bool]) -> None:
    preference = {"wa_id": "6281234567890", "category": "marketing_messages", "value": value, "timestamp": 1698266945}
    document = {"entry": [{"changes": [{"field": "user_preferences", "value": {"user_preferences": [preference]}}]}]}
    found = receipts.read(json.dumps(document).encode()).wishes
    assert [(wish.address, wish.wants, wish.at.timestamp()) for wish in found] == [
        ("6281234567890", wants, 1698266945) for wants in wishes
    ]


def test_an_error_of_a_whole_change_is_of_no_message() -> None:
    document = {"entry": [{"changes": [{"value": {"errors": [{"code": 131000}], "metadata": {"phone_number_id": "1"}}}]}]}
    news = receipts.read(json.dumps(document).encode())
    assert (news.reports, news.inbound) == ((), ())


@pytest.mark.parametrize("file", ["pywa_template_status_update", "pywa_template_quality_update"])
def test_what_it_tells_of_templates_is_noticed(file: str) -> None:
    published: dict[str, Any] = schemas.provider_file(f"waba/webhooks/{file}.json")
    assert {name: receipts.read(json.dumps(told).encode()) for name, told in published.items()} == dict.fromkeys(
        published, News(templates=True)
    )


def test_what_it_tells_of_messages_is_not_of_templates() -> None:
    assert receipts.read(webhook(status("sent"))).templates is False
