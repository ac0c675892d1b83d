"""Telling the api processes that what they know of tokens and accounts is old."""

from typing import Final

import redis
from redis.exceptions import RedisError

from deploy.cli.failures import Failure
from shared import settings, signals

_PATIENCE: Final = 3.0
"""Seconds to reach Redis."""


def announce(done: str, meanwhile: str) -> None:
    """Tell the api processes after the commit, so that none reads back what was.

    Args:
        done: What is done, as ``the token is revoked``.
        meanwhile: What they may do until they have forgotten by themselves, as ``accept it``.

    Raises:
        Failure: They could not be told.
    """
    current = settings.get()
    try:
        with redis.Redis.from_url(current.signals, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE) as client:
            client.publish(signals.REVOKED, b"")
    except (RedisError, OSError, ValueError) as error:
        message = (
            f"{done}, but the api processes could not be told over Redis: "
            f"they may {meanwhile} for {current.token_cache_seconds:.0f} s more; running this again tells them"
        )
        raise Failure(message) from error
