"""The channels, one package each, and the table of their adapters."""

from functools import lru_cache
from importlib import import_module

from shared.domain.channels import Channel
from worker.channels.base import Adapter


@lru_cache(maxsize=len(Channel))
def adapter(channel: Channel) -> Adapter:
    """Give the process's adapter of a channel: the ``build()`` of the package's ``adapter`` module."""
    built: Adapter = import_module(f"worker.channels.{channel}.adapter").build()
    return built
