"""What each refusal of the Bot API allows next.

Descriptions are those of Telegram's own server (tdlib/telegram-bot-api, ``Client.cpp``); they are compared without regard to
case, by the part that carries the meaning.
"""

import re

from shared.domain.outcome import Action, Code, Mark, NotSent, Pause, PauseScope, Trace, Unknown
from worker.channels.telegram.answers import Refusal

Verdict = tuple[Code, Action]

_CREDENTIALS = (Code.CREDENTIALS_REJECTED, Action.KEY)
_UNAVAILABLE = (Code.PROVIDER_UNAVAILABLE, Action.RETRY)
_UNREACHABLE = (Code.RECIPIENT_UNREACHABLE, Action.NEXT)
_BLOCKED = (Code.RECIPIENT_BLOCKED, Action.NEXT)
_INVALID = (Code.CONTENT_INVALID, Action.PERMANENT)
_TOO_LARGE = (Code.CONTENT_TOO_LARGE, Action.PERMANENT)
_UNFIT_TARGET = (Code.TARGET_INVALID, Action.PERMANENT)

DESCRIPTIONS: dict[str, Verdict] = {
    "bot was blocked by the user": _BLOCKED,
    "user_is_blocked": _BLOCKED,
    "user is deactivated": _UNREACHABLE,
    "input_user_deactivated": _UNREACHABLE,
    "can't initiate conversation": _UNREACHABLE,
    "can't send messages to bots": _UNREACHABLE,
    "bot was kicked from": _UNREACHABLE,
    "bot is not a member of": _UNREACHABLE,
    "group chat was deleted": _UNREACHABLE,
    "group chat was upgraded": (Code.RECIPIENT_UNREACHABLE, Action.RETRY),
    "chat not found": _UNREACHABLE,
    "user not found": _UNREACHABLE,
    "peer_id_invalid": _UNREACHABLE,
    "channel_private": _UNREACHABLE,
    "no rights to send": _UNREACHABLE,
    "not enough rights": _UNREACHABLE,
    "need administrator rights": _UNREACHABLE,
    "chat_write_forbidden": _UNREACHABLE,
    "chat_restricted": _UNREACHABLE,
    "chat_id is empty": _UNFIT_TARGET,
    "message thread not found": _UNFIT_TARGET,
    "text is empty": _INVALID,
    "can't parse entities": _INVALID,
    "button_data_invalid": _INVALID,
    "button_url_invalid": _INVALID,
    "button_type_invalid": _INVALID,
    "http url specified": _INVALID,
    "wrong type of the web page content": _INVALID,
    "can't upload file by url": _INVALID,
    "message is too long": _TOO_LARGE,
    "caption is too long": _TOO_LARGE,
    "reply markup is too long": _TOO_LARGE,
    "file is too big": _TOO_LARGE,
    "failed to get http url content": (Code.MEDIA_UNREACHABLE, Action.RETRY),
    "logged out": _CREDENTIALS,
}
"""What decides within 400 and 403, by a part of the description."""

STATUSES: dict[int, Verdict] = {
    401: _CREDENTIALS,
    404: _CREDENTIALS,
    409: (Code.PROVIDER_ERROR, Action.RETRY),
    413: _TOO_LARGE,
    421: _CREDENTIALS,
    429: (Code.THROTTLED, Action.RETRY),
}
"""What decides by itself. A malformed token gives 404; a server of one's own gives 421 for tokens it does not serve."""

_CLIENT_ERROR = 400
_FORBIDDEN = 403
_SERVER_ERROR = 500
_PROXY_GAVE_UP = 504
_THROTTLED = 429
_UNSAID_PAUSE = 5.0


def _described(description: str) -> Verdict | None:
    lowered = description.lower()
    return next((verdict for part, verdict in DESCRIPTIONS.items() if part in lowered), None)


def verdict(refusal: Refusal) -> Verdict:
    """Say what a refusal means: by its status, then by its description.

    A redirect means that the key's ``base_url`` is not where the Bot API is.
    """
    if refusal.status >= _SERVER_ERROR:
        return _UNAVAILABLE
    if refusal.status < _CLIENT_ERROR:
        return _CREDENTIALS
    by_text = STATUSES.get(refusal.status) or _described(refusal.description)
    return by_text or (_UNREACHABLE if refusal.status == _FORBIDDEN else (Code.PROVIDER_ERROR, Action.PERMANENT))


def _pause(refusal: Refusal) -> Pause | None:
    """Let the whole bot wait: Telegram does not say which of its limits was met."""
    if refusal.status != _THROTTLED:
        return None
    said = re.search(r"retry after (\d+)", refusal.description, re.IGNORECASE)
    seconds = refusal.retry_after or (float(said[1]) if said else _UNSAID_PAUSE)
    return Pause(scope=PauseScope.KEY, seconds=float(seconds))


def outcome_of_refusal(refusal: Refusal, request: str) -> NotSent | Unknown:
    """Turn a refusal into an outcome, in Telegram's own words. A 504 of a proxy's is none: the proxy passed the request on."""
    if refusal.status == _PROXY_GAVE_UP and not refusal.description:
        reason = "Telegram did not answer the proxy before it in time"
        return Unknown(code=Code.ANSWER_TIMEOUT, reason=reason, trace=Trace(request=request, status=refusal.status))
    code, action = verdict(refusal)
    detail: dict[str, int | str] = {"error_code": refusal.status, "description": refusal.description}
    if refusal.migrate_to_chat_id is not None:
        detail["migrate_to_chat_id"] = refusal.migrate_to_chat_id
    return NotSent(
        code=code,
        mark=Mark.OPTED_OUT if code is Code.RECIPIENT_BLOCKED else None,
        reason=refusal.description or f"Telegram answered {refusal.status}",
        action=action,
        pause=_pause(refusal),
        detail=detail,
        trace=Trace(request=request, status=refusal.status, provider_code=str(refusal.status)),
    )
