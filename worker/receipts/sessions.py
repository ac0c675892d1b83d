"""What gateways say of their devices.

A key is suspended as soon as its device is said to be gone, and asked at once whenever its device is said to have changed: what the
gateway answers counts, in whatever order its webhooks came.
"""

from collections.abc import Iterable, Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.db.statements import keys as statements
from worker.channels.base import Session
from worker.channels.whatsapp.errors import DEVICE_DISCONNECTED
from worker.deliver import consequences
from worker.deliver.consequences import Consequences
from worker.receipts.reading import Heard


async def note(connection: AsyncConnection, webhooks: Sequence[Heard]) -> bool:
    """Suspend the keys whose devices are gone. Tells whether keys are to be asked after the commit."""
    latest = _latest(webhooks)
    back = [heard.key_id for heard, session in latest if session.connected]
    await consequences.write(connection, [_suspended(heard, session) for heard, session in latest if not session.connected])
    if back:
        await connection.execute(statements.ask_soon, {"ids": back})
    return bool(latest)


def _latest(webhooks: Iterable[Heard]) -> list[tuple[Heard, Session]]:
    """Give what was said last of each key's device. A gateway may tell one address of all its sessions."""
    told = [(heard, heard.news.session) for heard in webhooks if heard.news.session is not None]
    own = [(heard, session) for heard, session in told if heard.provider_id in {None, session.name}]
    return list({heard.key_id: (heard, session) for heard, session in sorted(own, key=lambda each: each[1].at)}.values())


def _suspended(heard: Heard, session: Session) -> Consequences:
    """Suspend a key that was not resumed since; it is asked at once, as its device may be back already."""
    since = min(session.at, heard.received_at)
    refused = consequences.suspended(heard.key_id, DEVICE_DISCONNECTED, since.isoformat())
    return Consequences(suspension={**refused, "probe_after": 0.0} if refused else None)
