"""Made-up keys, and letters to sign with them."""

import functools
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from shared.credentials.email import EmailCredentials
from shared.domain.content import EmailBody
from worker.channels.base import Envelope

DELIVERY = UUID("0199c3a5-7e4c-7cc1-9d2f-5f2a4be0c0de")


@functools.cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, password: bytes | None = None) -> str:
    lock = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, lock).decode()


def document(**fields: Any) -> dict[str, Any]:
    return {"host": "mx.test.example", "port": 587, "security": "starttls", "from_address": "no-reply@antar.example"} | fields


def credentials(**fields: Any) -> EmailCredentials:
    return EmailCredentials.model_validate(document(**fields))


def envelope(target: str = "ann@test.example", unsubscribe_url: str | None = None, **body: str) -> Envelope:
    content = EmailBody.model_validate({"subject": "Hello", "html": "<p>Hi <b>Ann</b></p>"} | body)
    return Envelope(delivery_id=DELIVERY, send_id=UUID(int=2), target=target, content=content, unsubscribe_url=unsubscribe_url)
