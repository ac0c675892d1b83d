"""The channels, one package each, and the tables of their adapters and paces."""

from functools import lru_cache
from importlib import import_module

from shared.domain.channels import Channel
from shared.domain.pacing import Pace
from worker.channels.base import Adapter


@lru_cache(maxsize=len(Channel))
def adapter(channel: Channel) -> Adapter:
    """Give the process's adapter of a channel: the ``build()`` of the package's ``adapter`` module."""
    built: Adapter = import_module(f"worker.channels.{channel}.adapter").build()
    return built


@lru_cache(maxsize=len(Channel))
def pace(channel: Channel) -> Pace:
    """Give what is known of how fast a channel's provider lets senders write: the ``PACE`` of the package's ``pace`` module."""
    known: Pace = import_module(f"worker.channels.{channel}.pace").PACE
    return known
