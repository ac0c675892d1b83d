"""Whether a mail server would take mail: all steps of a delivery up to its sender, over a new connection."""

import asyncio
import contextlib
from typing import Final

import aiosmtplib

from worker.channels.base import Finding, Timeouts
from worker.channels.email import connections, errors
from worker.channels.email.connections import Pool

_FAILURES: Final = (aiosmtplib.SMTPException, errors.UnusableServerError, OSError)


async def rehearse(pool: Pool, sender: str, timeouts: Timeouts) -> Finding:
    """Connect, secure, log in, and name the sender; QUIT then takes it back (RFC 5321, section 4.1.1.10)."""
    try:
        async with pool.slot(timeouts.pool):
            await _rehearse(pool, sender, timeouts)
    except _FAILURES as error:
        return errors.outcome_before_the_message(error)
    return None


async def _rehearse(pool: Pool, sender: str, timeouts: Timeouts) -> None:
    async with asyncio.timeout(timeouts.connect + timeouts.read):
        client = await pool.open(timeouts)
    with contextlib.closing(client):
        async with asyncio.timeout(timeouts.read):
            await client.noop()
            await client.mail(sender, encoding="utf-8")
        await connections.take_leave(client)
