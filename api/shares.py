"""Which queue an account's sends go to: those beyond its share wait with the campaigns, so that no account keeps others waiting.

What waits is counted by the thread that counts the backlog, about once a second and only while sends come; by account it is looked
at only while so much waits that one may be beyond its share. Between two counts an account may add as much as it can.
"""

from typing import Final
from uuid import UUID

import structlog
from sqlalchemy import Engine

from shared import health, ids
from shared.db.statements import health as statements
from shared.domain import shares
from shared.queues import Queue

_log: Final = structlog.get_logger("shares")
_LOOKED_AT: Final = 20
"""How many times a share is looked at, of what came last: who floods now is among it."""


class Shares:
    """What a process knows of the accounts beyond their share."""

    def __init__(self, database: Engine, share: int) -> None:
        self._database = database
        self._share = share
        self._beyond = frozenset[UUID]()

    def queue(self, account_id: UUID) -> Queue:
        """Give the queue for what an account sends now."""
        return Queue.BULK if account_id in self._beyond else Queue.SEND

    def count(self) -> int:
        """Count what waits as :func:`shared.health.waiting` does, and find who is beyond his share."""
        waiting = health.waiting(self._database)
        found = self._look() if waiting > shares.least(self._share) else frozenset[UUID]()
        for account_id in found ^ self._beyond:
            _log.info("shares.beyond" if account_id in found else "shares.within", account=ids.encode(ids.ACCOUNT, account_id))
        self._beyond = found
        return waiting

    def _look(self) -> frozenset[UUID]:
        named = {"limit": _LOOKED_AT * self._share, "least": shares.least(self._share)}
        with self._database.connect() as connection:
            rows = connection.execute(statements.select_crowding, named)
            return shares.beyond(self._beyond, {row.account_id: row.number for row in rows}, self._share)
