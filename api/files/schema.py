"""What the query of a list of files may say."""

import re
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from api import lists
from api.errors import invalid_value
from shared.management.files import Filters

LEAST_OF_A_NAME: Final = 3
MOST_OF_A_NAME: Final = 200
MEDIA_TYPE: Final = "^[a-z]+(/[a-z0-9.+-]+)?$"
_MEDIA_TYPE: Final = re.compile(MEDIA_TYPE)


def files(arguments: Mapping[str, str], account_id: UUID) -> tuple[lists.Page, Filters]:
    """Read the query of a list of files. Raises :class:`api.errors.InvalidRequest` naming the parameter."""
    filters = Filters(name=_name(arguments), media_type=_media_type(arguments))
    return lists.page(arguments, ("files", account_id.hex, filters.name, filters.media_type)), filters


def _name(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("name")
    if text is not None and (not LEAST_OF_A_NAME <= len(text) <= MOST_OF_A_NAME or "\0" in text):
        raise invalid_value("name", f"must have {LEAST_OF_A_NAME} to {MOST_OF_A_NAME} characters")
    return text


def _media_type(arguments: Mapping[str, str]) -> str | None:
    text = arguments.get("media_type")
    if text is not None and not _MEDIA_TYPE.fullmatch(text):
        raise invalid_value("media_type", "must be like image or image/png")
    return text
