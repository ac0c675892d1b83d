"""A stack that lets few deliveries wait, and its account in all three dialects. Every answer is held against its description."""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
import pytest

from deploy.local import demo
from deploy.local.stack import Options, Stack
from tests.acceptance import conformance
from tests.acceptance.backend import Backend, JsonObject, new_phone
from tests.conftest import Servers

MOST: Final = 20
"""Deliveries that may wait."""
_ENVIRONMENT = {
    "ANTAR_MOST_WAITING": str(MOST),
    "ANTAR_MOST_UNHANDLED": "3",
    "ANTAR_SEND_WAIT": "0",
    "ANTAR_WRITE_PER_MINUTE": "1000",
}


@dataclass(frozen=True, kw_only=True)
class Shop(Backend):
    """An account that speaks every dialect."""

    stack: Stack
    kanal_token: str
    receipts: str
    """Where Meta posts."""
    app_secret: str
    """What it signs with."""

    def kirisan(self, **headers: str) -> httpx.Response:
        return self.post(self.send({"waba": 0}), **headers)

    def kirim(self, to: str, **headers: str) -> httpx.Response:
        return self._post("/v1/messages", {"to": f"+{to}", "type": "text", "text": {"body": "Halo"}}, self.token, headers)

    def kanal(self, to: str, **headers: str) -> httpx.Response:
        body = {"template_id": self.templates["waba"], "phone_number": to, "variables": {"name": "Alex", "order_id": "A-1"}}
        return self._post("/api/v1/templates", body, self.kanal_token, headers)

    def report(self) -> httpx.Response:
        """Post a webhook of Meta."""
        signature = hmac.new(self.app_secret.encode(), b"{}", hashlib.sha256).hexdigest()
        return self.http.post(self.receipts, content=b"{}", headers={"X-Hub-Signature-256": f"sha256={signature}"})

    def said(self, event: str) -> list[JsonObject]:
        """Give what the api wrote into its log under a name."""
        lines = self.stack.home.log("api").read_text().splitlines()
        return [json.loads(line) for line in lines if f'"{event}"' in line]

    def _post(self, path: str, body: JsonObject, token: str, headers: Mapping[str, str]) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.http.post(path, json=body, headers={"Authorization": f"Bearer {token}", **named})

    def fill(self) -> list[str]:
        """Send until a count finds too many, and give what was accepted. By its own reckoning a process may refuse one early."""
        accepted = []
        while not self.refusals():
            answer = self.kirim(new_phone())
            if answer.status_code == 202:
                accepted.append(answer.json()["data"]["id"])
            else:
                assert answer.status_code == 503
        return accepted

    def refusals(self) -> list[JsonObject]:
        """Give what was written of deliveries that were too many."""
        return [each for each in self.said("backlog.refusing") if each["kind"] == "deliveries"]


@pytest.fixture(scope="package")
def own_stack(tmp_path_factory: pytest.TempPathFactory, engine_servers: Servers) -> Iterator[Stack]:
    """Nobody handles what providers post."""
    names = ("postgres", "redis", "api", "worker-send", "sandbox")
    options = Options(processes=names, environment={**_ENVIRONMENT, **engine_servers()}, api_workers=1)
    with Stack(tmp_path_factory.mktemp("antar"), options) as running:
        yield running


@pytest.fixture(scope="package")
def shop(own_stack: Stack) -> Iterator[Shop]:
    account: dict[str, Any] = demo.ensure(own_stack)
    with (
        conformance.client(own_stack.base_url) as http,
        httpx.Client(base_url=own_stack.sandbox_url) as sandbox,
    ):
        yield Shop(
            http=http,
            token=account["token"],
            keys=account["keys"],
            templates=account["templates"],
            sandbox=sandbox,
            stack=own_stack,
            kanal_token=account["kanal_token"],
            receipts=f"/v1/receipts/waba/{account['key_ids']['waba']}",
            app_secret=account["waba"]["app_secret"],
        )
