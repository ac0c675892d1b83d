"""What an email channel key holds."""

import ipaddress
from enum import StrEnum
from typing import Annotated, Final, Self

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from shared.credentials.base import Credentials
from shared.domain import targets
from shared.domain.channels import Channel

_SHORTEST_KEY: Final = 1024
_LONGEST_KEY: Final = 4096
"""Bits between which every verifier takes a signature (RFC 8301, 3.2)."""


class Security(StrEnum):
    """How the connection to the mail server is protected."""

    NONE = "none"
    """Not at all: for a relay on the same machine or a private network."""
    STARTTLS = "starttls"
    """Upgraded before anything is said; a server that does not offer it is not used."""
    TLS = "tls"
    """From the first byte."""


def _host(value: str) -> str:
    """Refuse what could never be looked up."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        if not value or any(character.isspace() for character in value):
            raise ValueError("not a host name") from None
        value.encode("idna")
    return value


def _sender(value: str) -> str:
    address = targets.normalise(Channel.EMAIL, value)
    if address is None or not address.isascii():
        raise ValueError("not an address to send from: it needs an ASCII local part and a domain")
    return address


def _one_line(value: str) -> str:
    if any(not character.isprintable() for character in value):
        raise ValueError("must not contain line breaks or control characters")
    return value


def _rsa_key(value: SecretStr) -> SecretStr:
    pem = value.get_secret_value().encode()
    # Its numbers are checked once it is known to be short: those of a long key take seconds, and so does each signature.
    if not _SHORTEST_KEY <= _bits(pem) <= _LONGEST_KEY:
        raise ValueError(f"must have {_SHORTEST_KEY} to {_LONGEST_KEY} bits")
    serialization.load_pem_private_key(pem, password=None)
    return value


def _bits(pem: bytes) -> int:
    try:
        key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    except (TypeError, UnsupportedAlgorithm):
        key = None
    if isinstance(key, rsa.RSAPrivateKey):
        return key.key_size
    raise ValueError("must be an RSA key in PEM, without a password")


def _certificates(value: str) -> str:
    x509.load_pem_x509_certificates(value.encode())
    return value


class Dkim(BaseModel):
    """The signature that vouches for the domain (RFC 6376). The public key is at ``<selector>._domainkey.<domain>``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    domain: Annotated[str, Field(pattern=r"^[A-Za-z0-9.-]+$")]
    selector: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$")]
    private_key: Annotated[SecretStr, AfterValidator(_rsa_key)]
    """RSA, PEM, without a password."""


class EmailCredentials(Credentials):
    """A mail server to submit to, and who the mail is from."""

    host: Annotated[str, AfterValidator(_host)]
    port: Annotated[int, Field(ge=1, le=65535)]
    security: Security
    username: str | None = None
    password: SecretStr | None = None
    from_address: Annotated[str, AfterValidator(_sender)]
    """The address in ``From``, and the envelope sender that bounces return to."""
    from_name: Annotated[str, AfterValidator(_one_line)] | None = None
    dkim: Dkim | None = None
    ca_certificate: Annotated[str, AfterValidator(_certificates)] | None = None
    """PEM certificates of authorities to trust besides the system's, for private relays."""

    @model_validator(mode="after")
    def _log_in_with_both(self) -> Self:
        if (self.username is None) != (self.password is None):
            raise ValueError("username and password go together")
        return self
