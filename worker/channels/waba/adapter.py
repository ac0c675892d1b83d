"""A WhatsApp message by Meta's Cloud API."""

from shared.domain.content import JsonObject
from shared.domain.outcome import Outcome
from worker.channels import base, http
from worker.channels.answers import Answer
from worker.channels.waba import errors, messages
from worker.channels.waba.credentials import WabaCredentials
from worker.channels.waba.limits import UnsendableError


class WabaAdapter:
    """The channel ``waba``."""

    credentials: type[base.Credentials] = WabaCredentials

    async def send(self, envelope: base.Envelope, credentials: WabaCredentials, wires: base.Wires) -> Outcome:
        """Make one call; none when Meta is known to refuse the message."""
        try:
            body = messages.build(envelope.delivery_id, envelope.target, envelope.content)
        except UnsendableError as unsendable:
            return unsendable.outcome
        answer = await http.exchange(_request(body, credentials), wires)
        return errors.outcome_of(answer) if isinstance(answer, Answer) else answer

    async def close(self) -> None:
        """Keep nothing, close nothing."""


def _request(body: JsonObject, credentials: WabaCredentials) -> http.Request:
    version = credentials.api_version
    return http.Request(
        url=f"{credentials.base_url}/{version}/{credentials.phone_number_id}/messages",
        line=f"POST /{version}/*/messages",
        headers={"Authorization": f"Bearer {credentials.access_token.get_secret_value()}"},
        json=body,
    )


def build() -> WabaAdapter:
    """Make the process's adapter."""
    return WabaAdapter()
