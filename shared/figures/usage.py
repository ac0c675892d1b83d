"""What a process has in use, noted every few seconds."""

from sqlalchemy import Pool, QueuePool

from shared import metrics


def note(kind: str, pool: Pool) -> None:
    """Note that a process of this kind lives, and its connections to Postgres."""
    metrics.PROCESSES.labels(kind).set(1)
    if isinstance(pool, QueuePool):
        used, most = pool.checkedout(), pool.size()
        metrics.POOL_CONNECTIONS.labels("used").set(used)
        metrics.POOL_CONNECTIONS.labels("idle").set(pool.checkedin())
        metrics.POOL_CONNECTIONS.labels("most").set(most)
        metrics.POOLS_EXHAUSTED.set(used >= most)
