"""Telling the api processes that what they know of tokens and accounts is old."""

from deploy.cli.failures import Failure
from shared import settings, signals


def announce(done: str, meanwhile: str) -> None:
    """Tell the api processes after the commit, so that none reads back what was.

    Args:
        done: What is done, as ``the token is revoked``.
        meanwhile: What they may do until they have forgotten by themselves, as ``accept it``.

    Raises:
        Failure: They could not be told.
    """
    try:
        signals.announce_revoked()
    except signals.Unheard as error:
        message = (
            f"{done}, but the api processes could not be told over Redis: "
            f"they may {meanwhile} for {settings.get().token_cache_seconds:.0f} s more; running this again tells them"
        )
        raise Failure(message) from error
