"""A WhatsApp message by Meta's Cloud API."""

from uuid import UUID

from shared.credentials.base import Credentials
from shared.credentials.waba import WabaCredentials
from shared.domain.content import JsonObject
from shared.domain.outcome import Outcome, Sent
from worker.channels import base, http
from worker.channels.answers import Answer
from worker.channels.waba import errors, health, messages
from worker.channels.waba.limits import UnsendableError


class WabaAdapter:
    """The channel ``waba``."""

    credentials: type[Credentials] = WabaCredentials
    look_up_after: float | None = None

    async def send(self, envelope: base.Envelope, credentials: WabaCredentials, wires: base.Wires) -> Outcome:
        """Make one call; none when Meta is known to refuse the message."""
        try:
            body = messages.build(envelope.delivery_id, envelope.target, envelope.content)
        except UnsendableError as unsendable:
            return unsendable.outcome
        answer = await http.exchange(_request(body, credentials), wires)
        return errors.outcome_of(answer) if isinstance(answer, Answer) else answer

    async def probe(self, credentials: WabaCredentials, wires: base.Wires) -> base.Finding:
        """Ask Meta about the health of the number."""
        answer = await http.exchange(_question(credentials), wires)
        return health.finding_of(answer, credentials.phone_number_id) if isinstance(answer, Answer) else answer

    async def look_up(self, delivery_id: UUID, target: str, credentials: WabaCredentials, wires: base.Wires) -> Sent | base.Absence:
        """Find nothing: Meta has no look-up, and reports by webhook."""
        del delivery_id, target, credentials, wires
        return base.Absence.FOR_GOOD

    async def close(self) -> None:
        """Keep nothing, close nothing."""


def _request(body: JsonObject, credentials: WabaCredentials) -> http.Request:
    return http.Request(
        url=f"{_number(credentials)}/messages",
        line=f"POST /{credentials.api_version}/*/messages",
        headers=_headers(credentials),
        json=body,
    )


def _question(credentials: WabaCredentials) -> http.Request:
    return http.Request(
        method="GET",
        url=_number(credentials),
        line=f"GET /{credentials.api_version}/*",
        headers=_headers(credentials),
        params={"fields": health.FIELDS},
    )


def _number(credentials: WabaCredentials) -> str:
    return f"{credentials.base_url}/{credentials.api_version}/{credentials.phone_number_id}"


def _headers(credentials: WabaCredentials) -> dict[str, str]:
    return {"Authorization": f"Bearer {credentials.access_token.get_secret_value()}"}


def build() -> WabaAdapter:
    """Make the process's adapter."""
    return WabaAdapter()
