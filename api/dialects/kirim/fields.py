"""The kinds of value that messages are made of."""

import re
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema
from pydantic_core import PydanticCustomError

from shared.domain import addresses, links, targets
from shared.domain.content import Text

INVALID_PHONE_NUMBER: Final = "Phone number must be in E.164 format (e.g. +628123456789)."
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_E164_SCHEMA: Final = {"type": "string", "pattern": f"^{_E164.pattern}$"}
_LONGEST_URL: Final = 2048
_PRIVATE: Final = frozenset({"localhost", "local", "internal"})


def _e164(value: Any) -> str:
    """Take a number as E.164 writes it, if it can be somebody's."""
    if not isinstance(value, str) or not _E164.fullmatch(value) or targets.phone(value) != value[1:]:
        raise PydanticCustomError("invalid_phone_number", INVALID_PHONE_NUMBER)
    return value


def _public(url: str) -> str:
    """Take an address that Meta can fetch from; whether anything is there is not looked at."""
    if not links.is_web_url(url) or urlsplit(url).scheme != "https" or not _is_public_host(urlsplit(url).hostname or ""):
        raise PydanticCustomError("public_url", "must be a public https URL")
    return url


def _is_public_host(host: str) -> bool:
    address = addresses.literal(host)
    if address is not None:
        return addresses.may_be_reached(address)
    return "." in host and not addresses.is_disguised(host) and host.rstrip(".").rpartition(".")[2].lower() not in _PRIVATE


def _language_code(value: Any) -> Any:
    return value.get("code") if isinstance(value, dict) else value


PhoneNumber = Annotated[str, BeforeValidator(_e164), WithJsonSchema(_E164_SCHEMA)]
"""A phone number in E.164, with its ``+``."""

PublicUrl = Annotated[Text, Field(max_length=_LONGEST_URL), AfterValidator(_public), Field(json_schema_extra={"format": "uri"})]

Language = Annotated[
    Text,
    Field(min_length=1, max_length=64),
    BeforeValidator(_language_code),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
            ]
        }
    ),
]
"""A language's code, bare or as Meta has it: ``{"code": ...}``."""
