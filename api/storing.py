"""What is answered while the file store is away."""

from typing import Final

import structlog
from flask import Blueprint, Response

from api import errors
from api.errors import ServiceUnavailable
from shared.storage import StorageError

_log: Final = structlog.get_logger("files")


def register(blueprint: Blueprint) -> None:
    """Answer with 503 what a blueprint cannot store or read; the log says why."""
    blueprint.register_error_handler(StorageError, _away)


def _away(error: StorageError) -> Response:
    _log.error("files.storage_away", reason=str(error))
    return errors.render(ServiceUnavailable())
