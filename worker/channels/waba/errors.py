"""What each error code of the Cloud API allows next (Meta, Cloud API error codes).

Meta advises to build on ``code`` and ``details``: HTTP statuses and titles of one code differ between answers. The codes come in
the answer to a send, and most of those about the recipient only later, in a webhook of status ``failed``.
"""

import re
from dataclasses import dataclass
from typing import Any, Final

from shared.domain.content import JsonObject
from shared.domain.outcome import Action, Code, Mark, NotSent, Outcome, Pause, PauseScope, Sent, Unknown
from worker.channels import answers
from worker.channels.answers import Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What a code stands for."""

    code: Code
    action: Action
    reason: str
    """For people, where Meta gives no explanation."""
    pause: Pause | None = None
    """Its length gives way to ``Retry-After``."""
    mark: Mark | None = None
    """What it says of the recipient for good."""
    fixed: bool = False
    """Whether the reason stands whatever Meta says: it is part of our contract."""


def _retry(code: Code, reason: str, pause: Pause | None = None) -> Verdict:
    return Verdict(code=code, action=Action.RETRY, reason=reason, pause=pause)


def _next(code: Code, reason: str, *, mark: Mark | None = None, fixed: bool = False) -> Verdict:
    return Verdict(code=code, action=Action.NEXT, reason=reason, mark=mark, fixed=fixed)


def _permanent(code: Code, reason: str) -> Verdict:
    return Verdict(code=code, action=Action.PERMANENT, reason=reason)


def _key(code: Code, reason: str) -> Verdict:
    return Verdict(code=code, action=Action.KEY, reason=reason)


def _of_key(seconds: float) -> Pause:
    return Pause(scope=PauseScope.KEY, seconds=seconds)


_PERMISSION: Final = _key(Code.CREDENTIALS_REJECTED, "permission is not granted or was removed")
_FETCH_FAILED: Final = _retry(Code.MEDIA_UNREACHABLE, "Meta could not fetch the file")
_UNFIT_FILE: Final = _permanent(Code.MEDIA_UNREACHABLE, "Meta cannot use the file")

CODES: Final[dict[int, Verdict]] = {
    0: _key(Code.CREDENTIALS_REJECTED, "the access token cannot be authenticated"),
    1: _retry(Code.PROVIDER_ERROR, "Meta had an unknown error"),
    2: _retry(Code.PROVIDER_UNAVAILABLE, "Meta is down or overloaded"),
    3: _key(Code.CREDENTIALS_REJECTED, "the app lacks a capability or permission"),
    4: _retry(Code.THROTTLED, "the app reached its call limit", _of_key(60)),
    10: _PERMISSION,
    33: _key(Code.CREDENTIALS_REJECTED, "the business phone number does not exist"),
    100: _permanent(Code.CONTENT_INVALID, "a parameter is invalid"),
    190: _key(Code.CREDENTIALS_REJECTED, "the access token has expired"),
    368: _key(Code.SENDER_RESTRICTED, "the account is blocked for policy violations"),
    80007: _retry(Code.THROTTLED, "the business account reached its rate limit", _of_key(60)),
    130429: _retry(Code.THROTTLED, "the number sends too fast", _of_key(5)),
    130472: _next(Code.RECIPIENT_LIMITED, "the recipient is part of an experiment of Meta's"),
    130497: _next(Code.RECIPIENT_UNREACHABLE, "the account may not message people in this country"),
    131000: _retry(Code.PROVIDER_ERROR, "Meta had an unknown error"),
    131005: _PERMISSION,
    131008: _permanent(Code.CONTENT_INVALID, "a required parameter is missing"),
    131009: _permanent(Code.CONTENT_INVALID, "the value of a parameter is not valid"),
    131016: _retry(Code.PROVIDER_UNAVAILABLE, "a service of Meta's is unavailable"),
    131021: _next(Code.RECIPIENT_UNREACHABLE, "the recipient is the sender"),
    131026: _next(Code.RECIPIENT_UNREACHABLE, "the message is undeliverable"),
    131030: _next(Code.RECIPIENT_UNREACHABLE, "the recipient is not in the test number's list"),
    131031: _key(Code.SENDER_RESTRICTED, "the account is locked"),
    131037: _key(Code.SENDER_RESTRICTED, "the number's display name is not approved"),
    131042: _key(Code.SENDER_RESTRICTED, "the account has a payment issue"),
    131045: _key(Code.SENDER_RESTRICTED, "the number is not registered rightly"),
    131047: _next(Code.OUTSIDE_WINDOW, "outside the 24-hour window", fixed=True),
    131048: _key(Code.SENDER_RESTRICTED, "the number is restricted for spam"),
    131049: _next(Code.RECIPIENT_LIMITED, "Meta limits marketing messages to this recipient"),
    131050: _next(Code.RECIPIENT_OPTED_OUT, "recipient has opted out", mark=Mark.OPTED_OUT, fixed=True),
    131051: _permanent(Code.CONTENT_UNSUPPORTED, "the message type is not supported"),
    131052: _permanent(Code.MEDIA_UNREACHABLE, "Meta could not download the file"),
    131053: _FETCH_FAILED,
    131056: _retry(Code.RECIPIENT_THROTTLED, "too many messages to this recipient", Pause(scope=PauseScope.RECIPIENT, seconds=6)),
    131057: _retry(Code.PROVIDER_UNAVAILABLE, "the account is in maintenance mode", _of_key(60)),
    131062: _permanent(Code.CONTENT_UNSUPPORTED, "recipients without a number are not supported"),
    131063: _permanent(Code.CONTENT_REFUSED, "marketing templates are disabled for the Cloud API"),
    131064: _key(Code.SENDER_RESTRICTED, "the account reached its messaging limit"),
    132000: _permanent(Code.TEMPLATE_REJECTED, "the number of template parameters does not match"),
    132001: _permanent(Code.TEMPLATE_REJECTED, "the template does not exist in this language or is not approved"),
    132005: _permanent(Code.TEMPLATE_REJECTED, "the filled template is too long"),
    132007: _permanent(Code.TEMPLATE_REJECTED, "the template violates a content policy"),
    132008: _permanent(Code.TEMPLATE_REJECTED, "a template parameter is invalid"),
    132012: _permanent(Code.TEMPLATE_REJECTED, "a template parameter has the wrong format"),
    132015: _permanent(Code.TEMPLATE_REJECTED, "the template is paused"),
    132016: _permanent(Code.TEMPLATE_REJECTED, "the template is disabled"),
    132068: _permanent(Code.TEMPLATE_REJECTED, "the flow is blocked"),
    132069: _retry(Code.THROTTLED, "the flow is throttled"),
    133004: _retry(Code.PROVIDER_UNAVAILABLE, "a server of Meta's is unavailable"),
    133006: _key(Code.SENDER_RESTRICTED, "the number needs to be verified again"),
    133010: _key(Code.SENDER_RESTRICTED, "the number is not registered"),
    133016: _retry(Code.THROTTLED, "the number was registered too often", _of_key(60)),
    134011: _permanent(Code.CONTENT_REFUSED, "the payments terms are not accepted"),
    135000: _permanent(Code.CONTENT_INVALID, "a parameter of the request is wrong"),
    137000: _permanent(Code.CONTENT_INVALID, "the recipient's identity key does not match"),
}
"""Every code of Meta's list that a message can meet; pauses are in seconds."""

PERMISSIONS: Final = range(200, 300)
"""The codes of a permission not granted, of which Meta lists no single one."""

_SUBCODES: Final = {(100, 33): _key(Code.CREDENTIALS_REJECTED, "the number does not exist or the token may not use it")}
_MEDIA_UPLOAD: Final = 131053
_UNFIT: Final = re.compile(r"\b4(?!08|29)\d\d\b|not supported|unsupported|mime.?type", re.IGNORECASE)
"""In the details of a failed upload: the file's server said no, or the file is of no kind Meta takes."""

_SERVER_ERROR: Final = 500
_LONGEST_CODE: Final = 9
_UNKNOWN_FOR_NOW: Final = _retry(Code.PROVIDER_ERROR, "Meta had an error")
_UNKNOWN: Final = _permanent(Code.PROVIDER_ERROR, "Meta refused the message")


def verdict(code: int, subcode: int | None = None, details: str = "") -> Verdict | None:
    """Say what a code stands for, in an answer or a webhook; ``None`` when it is not known."""
    if code == _MEDIA_UPLOAD and _UNFIT.search(details):
        return _UNFIT_FILE
    if code in PERMISSIONS:
        return _PERMISSION
    return _SUBCODES.get((code, subcode or 0)) or CODES.get(code)


def outcome_of(answer: Answer) -> Outcome:
    """Read the answer to a send."""
    document = answer.document()
    sent = answer.accepted and not isinstance(document.get("error"), dict)
    return _sent(answer, document) if sent else refusal_of(answer, document)


def refusal_of(answer: Answer, document: JsonObject) -> NotSent | Unknown:
    """Read an answer that is no success, to whatever was asked."""
    error = document.get("error")
    return _refused(answer, error) if isinstance(error, dict) else answers.outcome_of_status(answer)


def _sent(answer: Answer, document: JsonObject) -> Outcome:
    message = _first(document, "messages")
    message_id = answers.words(message.get("id"))
    if not message_id:
        return answers.unreadable(answer)
    detail = {"wa_id": _first(document, "contacts").get("wa_id"), "message_status": message.get("message_status")}
    said = {name: answers.words(value) for name, value in detail.items() if value}
    return Sent(provider_message_id=message_id, detail=said, trace=answer.trace())


def _first(document: JsonObject, name: str) -> JsonObject:
    listed = document.get(name)
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}


def reported(error: JsonObject) -> NotSent:
    """Read the error of a webhook of status ``failed``."""
    code, detail = _number(error.get("code")), _detail(error)
    known = None if code is None else verdict(code, details=detail.get("details", ""))
    found = known or _UNKNOWN
    reason = _reason(found, detail)
    return NotSent(code=found.code, reason=reason, action=found.action, mark=found.mark, detail={**detail, "code": code})


def _reason(found: Verdict, detail: JsonObject) -> str:
    said: str = detail.get("details") or detail.get("message", "")
    return found.reason if found.fixed or not said else said


def _refused(answer: Answer, error: JsonObject) -> NotSent | Unknown:
    code = _number(error.get("code"))
    detail = _detail(error)
    if code is None:
        return answers.outcome_of_status(answer, detail.get("message", ""))
    found = verdict(code, _number(error.get("error_subcode")), detail.get("details", "")) or _unknown(answer, error)
    return NotSent(
        code=found.code,
        reason=_reason(found, detail),
        action=found.action,
        pause=answers.pause(answer, found.pause.scope, found.pause.seconds) if found.pause else None,
        mark=found.mark,
        detail={**detail, "code": code},
        trace=answer.trace(str(code)),
    )


def _unknown(answer: Answer, error: JsonObject) -> Verdict:
    passing = answer.status >= _SERVER_ERROR or error.get("is_transient") is True
    return _UNKNOWN_FOR_NOW if passing else _UNKNOWN


def _detail(error: JsonObject) -> JsonObject:
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    said = {"message": error.get("message"), "details": details, "fbtrace_id": error.get("fbtrace_id")}
    detail: JsonObject = {name: answers.words(value) for name, value in said.items() if value}
    subcode = _number(error.get("error_subcode"))
    return detail if subcode is None else {**detail, "subcode": subcode}


def _number(value: Any) -> int | None:
    """Read a code, which some proxies make a string."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_CODE:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
