"""The signature of a webhook (contract, Kirim 2.8): the time and the body, once for each secret that is active."""

import hashlib
import hmac
from collections.abc import Iterable


def sign(secrets: Iterable[str], seconds: int, body: bytes) -> str:
    """Give the header ``X-Kirim-Signature``.

    Args:
        secrets: As they were shown: ``whsec_...``. All of each, as UTF-8, is a key.
        seconds: When it is signed, in unix seconds.
        body: As it is posted.
    """
    signed = f"{seconds}.".encode() + body
    return ",".join([f"t={seconds}", *(f"v1={hmac.new(each.encode(), signed, hashlib.sha256).hexdigest()}" for each in secrets)])
