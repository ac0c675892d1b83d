"""What each channel finds when it asks the sandbox about a sender, and that the sandbox answers such questions as providers do."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from deploy.local.sandbox import accounts
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent, Unknown
from tests import schemas
from tests.integration.channels.loopback import wired
from tests.integration.channels.published import errors
from tests.integration.sandbox import calls
from tests.integration.sandbox.conftest import Sandbox
from worker import channels
from worker.channels.base import Finding, Timeouts

_QUICK = Timeouts(connect=0.5, read=0.5, write=0.1, pool=0.1)

Json = dict[str, Any]

SENDERS: dict[str, tuple[Channel, Callable[[Sandbox], Json]]] = {
    "waha": (Channel.WHATSAPP, lambda sandbox: accounts.waha(sandbox.base)),
    "gowa": (Channel.WHATSAPP, lambda sandbox: accounts.gowa(sandbox.base)),
    "fonnte": (Channel.WHATSAPP, lambda sandbox: accounts.fonnte(sandbox.base)),
    "waba": (Channel.WABA, lambda sandbox: accounts.waba(sandbox.base)),
    "telegram": (Channel.TELEGRAM, lambda sandbox: accounts.telegram(sandbox.base)),
    "email": (Channel.EMAIL, lambda sandbox: sandbox.mailer()),
}
_SECRETS = {"email": "password", "waba": "access_token", "telegram": "bot_token"}

EVERY_SENDER = pytest.mark.parametrize("sender", SENDERS)

_REJECTED = (Code.CREDENTIALS_REJECTED, Action.KEY)
_DISCONNECTED = (Code.DEVICE_DISCONNECTED, Action.KEY)
_WITH_A_DEVICE = {"waha", "gowa", "fonnte"}


def probe(sandbox: Sandbox, sender: str, changes: Mapping[str, str] | None = None, timeouts: Timeouts | None = None) -> Finding:
    channel, make = SENDERS[sender]
    adapter = channels.adapter(channel)
    key = adapter.credentials.model_validate({**make(sandbox), **(changes or {})})

    async def scenario() -> Finding:
        async with wired(timeouts) as wires:
            return await adapter.probe(key, wires)

    return asyncio.run(scenario())


def refused(finding: Finding) -> tuple[Code, Action]:
    assert isinstance(finding, NotSent)
    assert finding.trace is not None
    assert "sandbox-" not in finding.trace.request
    return finding.code, finding.action


@EVERY_SENDER
def test_a_sender_that_is_well_can_send_and_nothing_was_sent(sandbox: Sandbox, sender: str) -> None:
    assert probe(sandbox, sender) is None
    assert sandbox.messages() == []


@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_a_mail_server_is_asked_over_tls(sandbox: Sandbox, security: str) -> None:
    port = sandbox.ports[{"tls": "smtps", "starttls": "submission"}[security]]
    trust = {"security": security, "port": str(port), "ca_certificate": sandbox.certificate.read_text()}
    assert probe(sandbox, "email", trust) is None


@EVERY_SENDER
def test_credentials_that_are_wrong(sandbox: Sandbox, sender: str) -> None:
    assert refused(probe(sandbox, sender, {_SECRETS.get(sender, "api_key"): "7:wrong"})) == _REJECTED


@EVERY_SENDER
def test_credentials_that_are_refused(sandbox: Sandbox, sender: str) -> None:
    sandbox.fault(SENDERS[sender][0], "credentials")
    assert refused(probe(sandbox, sender)) == _REJECTED


@EVERY_SENDER
def test_a_device_that_is_not_connected(sandbox: Sandbox, sender: str) -> None:
    sandbox.fault(SENDERS[sender][0], "device")
    finding = probe(sandbox, sender)
    assert refused(finding) == (_DISCONNECTED if sender in _WITH_A_DEVICE else _REJECTED)
    assert isinstance(finding, NotSent)
    assert finding.reason == "Device disconnected" or sender not in _WITH_A_DEVICE


@EVERY_SENDER
def test_an_outage_says_nothing_of_the_sender(sandbox: Sandbox, sender: str) -> None:
    sandbox.fault(SENDERS[sender][0], "outage")
    assert refused(probe(sandbox, sender)) == (Code.PROVIDER_UNAVAILABLE, Action.RETRY)


@EVERY_SENDER
def test_a_provider_that_hangs_says_nothing_of_the_sender(sandbox: Sandbox, sender: str) -> None:
    sandbox.fault(SENDERS[sender][0], "hang")
    finding = probe(sandbox, sender, timeouts=_QUICK)
    assert isinstance(finding, NotSent | Unknown)
    assert finding.code is (Code.CONNECTION_FAILED if sender == "email" else Code.ANSWER_TIMEOUT)


def test_a_session_that_starts_is_not_up_yet(sandbox: Sandbox) -> None:
    sandbox.fault("whatsapp", "device", code="STARTING")
    assert refused(probe(sandbox, "waha")) == (Code.PROVIDER_UNAVAILABLE, Action.RETRY)


@pytest.mark.parametrize(("gateway", "expected"), [("waha", _DISCONNECTED), ("gowa", _REJECTED)])
def test_a_device_that_is_not_there(sandbox: Sandbox, gateway: str, expected: tuple[Code, Action]) -> None:
    assert refused(probe(sandbox, gateway, {"session": "no such"})) == expected


def test_a_number_that_is_not_the_tokens(sandbox: Sandbox) -> None:
    assert refused(probe(sandbox, "waba", {"phone_number_id": "4711"})) == _REJECTED


def test_the_graph_api_gives_the_fields_asked_for(sandbox: Sandbox) -> None:
    number, headers = accounts.waba("")["phone_number_id"], {"Authorization": "Bearer sandbox-meta-1"}
    answer = sandbox.http.get(f"/graph/v23.0/{number}", params={"fields": "id,quality_rating"}, headers=headers)
    assert answer.json() == {"id": number, "quality_rating": "GREEN"}
    assert sandbox.http.get(f"/graph/v23.0/{number}", params={"fields": "mood"}, headers=headers).json()["error"]["code"] == 100


def _of_waha() -> Json:
    description: Json = schemas.provider_file("waha/delivery.patched.json")
    del description["components"]["schemas"]["SessionInfo"]["properties"]["timestamps"]  # What it says there is no JSON schema.
    return description


@pytest.mark.parametrize("fault", ["", "device"])
def test_answers_are_what_the_providers_describe(sandbox: Sandbox, fault: str) -> None:
    if fault:
        sandbox.fault("whatsapp", fault)
    waha = sandbox.http.get("/waha/api/sessions/default", headers={"X-Api-Key": "sandbox-waha-1"}).json()
    assert errors(_of_waha(), "/components/schemas/SessionInfo", waha) == []
    gowa = sandbox.http.get("/gowa/app/status", auth=("antar", "sandbox-gowa-1"), headers={"X-Device-Id": "default"}).json()
    status = "/paths/~1app~1status/get/responses/200/content/application~1json/schema"
    assert errors(schemas.provider_file("gowa/openapi_9.0.0.yaml"), status, gowa) == []
    me = calls.telegram(sandbox, "getMe").json()["result"]
    assert errors(schemas.provider_file("telegram/bot-api_10.1.schema.json"), "/$defs/User", me) == []
