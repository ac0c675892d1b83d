"""Lines to Postgres that are a test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.db import engine
from shared.db.lines import Lines


@asynccontextmanager
async def opened(connections: AsyncEngine | None = None) -> AsyncIterator[Lines]:
    """Open lines of an engine, or of one like a worker's, which is disposed of with them."""
    own = connections or engine.create_async()
    lines = Lines(own)
    try:
        yield lines
    finally:
        await lines.close()
        await own.dispose()
