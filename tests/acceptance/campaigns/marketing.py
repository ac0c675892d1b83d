"""What a shop does with campaigns: making them, filling them, and waiting for what becomes of them."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
from openpyxl import Workbook

from tests.acceptance.backend import JsonObject, await_true, new_phone
from tests.acceptance.openapi.tenants import Tenant

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PEOPLE = ("Ana", "Budi", "Cici", "Dedi")


def chats(number: int) -> list[str]:
    """Give chats that no other test writes to."""
    return [new_phone() for _ in range(number)]


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([("chat", "first name"), *rows])
    return text.getvalue().encode()


def as_xlsx(rows: Sequence[Sequence[str]]) -> bytes:
    book, file = Workbook(write_only=True), io.BytesIO()
    sheet = book.create_sheet()
    for row in [("chat", "first name"), *rows]:
        sheet.append(list(row))
    book.save(file)
    return file.getvalue()


@dataclass(frozen=True)
class Marketing:
    """An account's campaigns."""

    tenant: Tenant

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Ask for something of this account's campaigns, whatever the answer."""
        headers = {"Authorization": f"Bearer {self.tenant.token}", **options.pop("headers", {})}
        return self.tenant.http.request(method, f"/v1/campaigns{path}", headers=headers, **options)

    def data(self, method: str, path: str, **options: Any) -> Any:
        """Ask for something that is there."""
        answer = self.ask(method, path, **options)
        assert answer.is_success, answer.text
        return answer.json()["data"]

    def plan(self, **changes: Any) -> JsonObject:
        """Give the body of a campaign on Telegram."""
        return {
            "name": "Payday",
            "keys": {"telegram": self.tenant.key("telegram")},
            "content": {"telegram": {"message": {"type": "text", "message": "Hi {{first}}, {{offer}}"}}},
            "columns": {"targets": {"telegram": "chat"}, "variables": {"first": "first name"}},
            "variables": {"offer": "20 % off"},
            **changes,
        }

    def create(self, **changes: Any) -> str:
        identifier: str = self.data("POST", "", json=self.plan(**changes))["id"]
        return identifier

    def upload(self, campaign: str, content: bytes, media_type: str = "text/csv") -> JsonObject:
        """Upload a file, wait until it was read, and give the campaign."""
        self.data("PUT", f"/{campaign}/recipients", content=content, headers={"Content-Type": media_type})
        await_true(lambda: self.look_up(campaign)["state"] != "importing")
        return self.look_up(campaign)

    def filled(self, rows: Sequence[Sequence[str]], **changes: Any) -> str:
        """Make a campaign with recipients."""
        campaign = self.create(**changes)
        assert self.upload(campaign, as_csv(rows))["state"] == "draft"
        return campaign

    def look_up(self, campaign: str) -> JsonObject:
        found: JsonObject = self.data("GET", f"/{campaign}")
        return found

    def progress(self, campaign: str) -> JsonObject:
        found: JsonObject = self.data("GET", f"/{campaign}/progress")
        return found

    def ended(self, campaign: str) -> JsonObject:
        """Wait until a campaign has ended, and give its progress."""
        await_true(lambda: self.progress(campaign)["state"] in {"completed", "cancelled"}, 60)
        return self.progress(campaign)

    def lines(self, campaign: str, file: str) -> list[dict[str, str]]:
        """Read a report."""
        answer = self.ask("GET", f"/{campaign}/{file}.csv")
        assert answer.status_code == 200
        return list(csv.DictReader(io.StringIO(answer.text)))
