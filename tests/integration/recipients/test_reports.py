"""Reports have one line for every row, and tell a spreadsheet nothing to do."""

import csv
import io
from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from shared import ids
from shared.domain.channels import Channel
from shared.management.campaigns import reports
from tests.integration.recipients.conftest import Office
from tests.integration.recipients.taken import take


@pytest.fixture(autouse=True)
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reports, "_PAGE", 2)


def _lines(parts: Iterable[str]) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(parts), newline="")))


def test_refused_rows_are_given_back_as_they_were(office: Office) -> None:
    campaign = office.campaign(variables={"name": "full name"}, time_zone="zone")
    office.fill(
        campaign,
        "age,full name,telegram,zone,refused_because\n7,Ann,1,,\n8,=1+1,no,,\n9,Cid,,Mars,x\n1,Dan,2,Mars,\n5,Eve\n",
    )
    assert _lines(reports.refused(office.database, office.load(campaign))) == [
        {
            "row_number": str(number),
            "refused_because": reason,
            "telegram": telegram,
            "full name": name,
            "zone": zone,
            "age": age,
        }
        for number, reason, telegram, name, zone, age in [
            (2, "invalid Telegram target in column 'telegram'", "no", "'=1+1", "", "8"),
            (3, "no Telegram target: column 'telegram' is empty", "", "Cid", "Mars", "9"),
            (4, "unknown time zone in column 'zone': it must be an IANA time zone, such as Asia/Jakarta", "2", "Dan", "Mars", "1"),
            (5, "2 cells where the header has 5", "", "Eve", "", "5"),
        ]
    ]


def test_a_file_without_refused_rows_has_a_report_without_rows(office: Office) -> None:
    campaign = office.campaign()
    office.fill(campaign, "telegram,name\n1,Ann\n")
    assert list(reports.refused(office.database, office.load(campaign))) == ["row_number,refused_because\r\n"]


def test_every_row_has_a_line(office: Office) -> None:
    campaign = office.campaign(office.planned(Channel.WHATSAPP), office.planned(Channel.EMAIL, 1))
    office.fill(
        campaign,
        "whatsapp,email,name\n+6281200000001,a@b.example,A\nx,,B\n6281200000001,a@b.example,C\n"
        "+62 812-0000-0004,,D\n,e@b.example,E\n",
    )
    campaign = office.load(campaign)
    sent_at = datetime(2026, 11, 20, 8, tzinfo=UTC)
    failed = {"state": "failed", "code": "recipient_unreachable", "reason": "no such number", "attempts": 2, "ended_at": sent_at}
    sent = {"state": "sent", "attempts": 1, "ended_at": sent_at, "receipt": "read"}
    send_id = take(office, campaign, 1, "sent", {1: failed, 2: sent})
    running = take(office, campaign, 4)
    lines = _lines(reports.recipients(office.database, campaign))
    assert [(line["row"], line["state"], line["reason"], line["send_state"]) for line in lines] == [
        ("1", "taken", "", "sent"),
        ("2", "refused", "invalid WhatsApp target in column 'whatsapp', no Email target: column 'email' is empty", ""),
        ("3", "duplicate", "same recipient as row 1", ""),
        ("4", "taken", "", "running"),
        ("5", "pending", "", ""),
    ]
    assert lines[0]["send"] == ids.encode(ids.SEND, send_id)
    assert lines[3]["send"] == ids.encode(ids.SEND, running)
    names = ("target", "state", "code", "reason", "attempts", "sent_at", "receipt")
    assert [lines[0][f"whatsapp_{name}"] for name in names] == [
        "+6281200000001", "failed", "recipient_unreachable", "no such number", "2", "", "",
    ]  # fmt: skip
    assert [lines[0][f"email_{name}"] for name in names] == [
        "a@b.example", "sent", "", "", "1", "2026-11-20T08:00:00.000Z", "read",
    ]  # fmt: skip
    assert lines[3]["whatsapp_target"] == "'+62 812-0000-0004"
    assert (lines[4]["email_target"], lines[4]["email_state"]) == ("e@b.example", "")
