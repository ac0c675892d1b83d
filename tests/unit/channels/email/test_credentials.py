from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pydantic import ValidationError

from shared.credentials.email import EmailCredentials, Security
from tests.unit.channels.email import keys

DKIM = {"domain": "antar.example", "selector": "s1"}


def test_the_least_that_is_needed() -> None:
    credentials = keys.credentials()
    assert credentials.security is Security.STARTTLS
    assert (credentials.username, credentials.dkim, credentials.ca_certificate) == (None, None, None)


def test_secrets_are_not_shown() -> None:
    secret = keys.pem(keys.rsa_key())
    shown = repr(keys.credentials(username="antar", password="open sesame", dkim={**DKIM, "private_key": secret}))
    assert "open sesame" not in shown
    assert secret.splitlines()[1] not in shown


def test_keys_that_say_the_same_share_their_connections() -> None:
    assert len({keys.credentials(username="a", password="b") for _ in range(2)}) == 1
    assert len({keys.credentials(username="a", password="b"), keys.credentials(username="a", password="c")}) == 2


def test_a_key_that_would_take_seconds_is_refused_at_once() -> None:
    p, q, e = 2**4096 - 17, 2**4095 + 1, 65537
    numbers = rsa.RSAPrivateNumbers(p=p, q=q, d=3, dmp1=3, dmq1=3, iqmp=3, public_numbers=rsa.RSAPublicNumbers(e, p * q))
    long = keys.pem(numbers.private_key(unsafe_skip_rsa_key_validation=True))
    with pytest.raises(ValidationError, match="must have 1024 to 4096 bits"):
        keys.credentials(dkim={**DKIM, "private_key": long})


def test_the_senders_domain_is_in_a_labels() -> None:
    assert keys.credentials(from_address="no-reply@bücher.example").from_address == "no-reply@xn--bcher-kva.example"


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "mx.test.example", "bücher.example", "localhost"])
def test_hosts(host: str) -> None:
    assert keys.credentials(host=host).host == host


def test_an_authority_may_be_named() -> None:
    pem = trustme.CA().cert_pem.bytes().decode()
    assert keys.credentials(ca_certificate=pem).ca_certificate == pem


@pytest.mark.parametrize(
    "fields",
    [
        {"host": ""},
        {"host": "mx test"},
        {"host": "mx\r\nQUIT"},
        {"host": "a" * 64 + ".example"},
        {"port": 0},
        {"port": 65536},
        {"security": "ssl"},
        {"username": "antar"},
        {"password": "open sesame"},
        {"from_address": "nobody"},
        {"from_address": "müller@antar.example"},
        {"from_name": "antar\r\nBcc: bob@test.example"},
        {"ca_certificate": "not a certificate"},
        {"dkim": {**DKIM, "private_key": "not a key"}},
        {"dkim": {**DKIM, "private_key": keys.pem(ec.generate_private_key(ec.SECP256R1()))}},
        {"dkim": {**DKIM, "private_key": keys.pem(keys.rsa_key(), b"locked")}},
        {"dkim": {"domain": "a b", "selector": "s1", "private_key": keys.pem(keys.rsa_key())}},
        {"colour": "blue"},
    ],
)
def test_what_could_never_work_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        EmailCredentials.model_validate(keys.document(**fields))
