"""One message through the channel whatsapp, to gateways on the loopback interface."""

from typing import Any

from shared.credentials.whatsapp import WhatsappCredentials
from shared.domain.content import Message
from shared.domain.outcome import Action, NotSent, Outcome, Unknown
from tests.integration.channels.loopback import NUMBER, Call, Reply, envelope, run, serving, wired
from tests.integration.channels.samples import MESSAGES
from worker.channels.whatsapp.adapter import WhatsappAdapter

KEYS = {
    "waha": {"gateway": "waha", "api_key": "secret", "session": "sales"},
    "gowa": {"gateway": "gowa", "api_key": "admin:se:cret", "session": "device-1"},
    "fonnte": {"gateway": "fonnte", "api_key": "sUqjkKH+UG+@3SmnKrhz"},
}
LISTED = {"RETRY": Action.RETRY, "NEXT": Action.NEXT, "PERM": Action.PERMANENT, "KEY": Action.KEY, "AMBIGUOUS": None}


def send(gateway: str, content: Message, *replies: Reply, target: str = NUMBER, **key: Any) -> tuple[list[Call], Outcome]:
    async def scenario() -> tuple[list[Call], Outcome]:
        async with serving(*replies) as provider, wired() as wires:
            document = {**KEYS[gateway], "base_url": f"{provider.base_url}/wa/", **key}
            credentials = WhatsappCredentials.model_validate(document)
            outcome = await WhatsappAdapter().send(envelope(content, target), credentials, wires)
            return provider.calls, outcome

    return run(scenario())


def outcome_of(gateway: str, *replies: Reply) -> Outcome:
    return send(gateway, MESSAGES["text"], *replies)[1]


def refused(gateway: str, *replies: Reply) -> NotSent:
    outcome = outcome_of(gateway, *replies)
    assert isinstance(outcome, NotSent)
    return outcome


def action_of(outcome: Outcome) -> Action | None:
    """The action of a refusal; ``None`` for what is ambiguous."""
    assert isinstance(outcome, NotSent | Unknown)
    return outcome.action if isinstance(outcome, NotSent) else None
