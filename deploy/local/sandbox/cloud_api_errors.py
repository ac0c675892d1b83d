"""Meta's error codes: the HTTP status and the title its error reference gives each, and the body they come in."""

from collections.abc import Mapping
from uuid import uuid4

from deploy.local.sandbox import http
from deploy.local.sandbox.desk import ProviderError
from deploy.local.sandbox.faults import Fault, Kind

ERRORS: dict[int, tuple[int, str]] = {
    0: (401, "AuthException"),
    1: (400, "API Unknown"),
    2: (503, "API Service"),
    3: (500, "API Method"),
    4: (429, "API Too Many Calls"),
    10: (403, "Permission Denied"),
    33: (400, "Parameter value is not valid"),
    100: (400, "Invalid parameter"),
    190: (401, "Access token has expired"),
    200: (403, "API Permission"),
    368: (403, "Temporarily blocked for policies violations"),
    80007: (429, "Rate limit issues"),
    130429: (429, "Rate limit hit"),
    130472: (400, "User's number is part of an experiment"),
    130497: (403, "Business account is restricted from messaging users in this country"),
    131000: (500, "Something went wrong"),
    131005: (403, "Access denied"),
    131008: (400, "Required parameter is missing"),
    131009: (400, "Parameter value is not valid"),
    131016: (500, "Service unavailable"),
    131021: (400, "Recipient cannot be sender"),
    131026: (400, "Message undeliverable"),
    131030: (400, "Recipient phone number not in allowed list"),
    131031: (403, "Account has been locked"),
    131037: (400, "Display name not approved"),
    131042: (400, "Business eligibility payment issue"),
    131045: (500, "Incorrect certificate"),
    131047: (400, "Re-engagement message"),
    131048: (429, "Spam rate limit hit"),
    131049: (400, "This message was not delivered to maintain healthy ecosystem engagement"),
    131050: (400, "User has stopped marketing messages"),
    131051: (400, "Unsupported message type"),
    131052: (400, "Media download error"),
    131053: (400, "Media upload error"),
    131056: (429, "(Business Account, Consumer Account) pair rate limit hit"),
    131057: (500, "Account in maintenance mode"),
    132000: (400, "Template param count mismatch"),
    132001: (404, "Template does not exist"),
    132005: (400, "Template hydrated text too long"),
    132007: (400, "Template content policy violation"),
    132008: (400, "Template parameter value invalid"),
    132012: (400, "Template parameter format mismatch"),
    132015: (400, "Template is paused"),
    132016: (400, "Template is disabled"),
    132068: (400, "Flow is blocked"),
    132069: (400, "Flow is throttled"),
    133004: (503, "Server temporarily unavailable"),
    133010: (400, "Phone number not registered"),
    133016: (429, "Account register deregister rate limit exceeded"),
    135000: (400, "Generic user error"),
    137000: (400, "Recipient identity key hash mismatch"),
}

_USUAL_CODES = {
    Kind.RECIPIENT: 131026,
    Kind.CONTENT: 131009,
    Kind.CREDENTIALS: 190,
    Kind.DEVICE: 190,
    Kind.THROTTLE: 130429,
    Kind.OUTAGE: 131016,
}


def refuse(fault: Fault, _to: str) -> ProviderError:
    """Answer a fault as Meta does; ``code`` is one of its codes, or ``code/subcode``."""
    code, _, subcode = (fault.code or str(_USUAL_CODES[fault.kind])).partition("/")
    details = f"The sandbox was told to fail with {fault.kind}"
    return error(int(code), details, int(subcode) if subcode else None, http.retry_after(fault))


def error(code: int, details: str, subcode: int | None = None, headers: Mapping[str, str] | None = None) -> ProviderError:
    """Make the answer for an error code."""
    status, title = ERRORS.get(code, (400, "Unknown error"))
    body = {
        "message": f"(#{code}) {title}",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": details},
        "fbtrace_id": uuid4().hex[:23],
    }
    if subcode is not None:
        body["error_subcode"] = subcode
    return ProviderError(status, {"error": body}, headers)
