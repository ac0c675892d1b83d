"""The outcome each failure of an SMTP conversation leads to.

::

    until the message is under way            NotSent: by the reply, or RETRY when the connection failed
    from then on, until the server replies    Unknown, yet safe to repeat: the Message-ID stays the same
"""

import aiosmtplib

from shared.domain.outcome import Action, Code, Mark, NotSent, Trace, Unknown
from worker import egress
from worker.channels.answers import words
from worker.channels.email.replies import Command, Reply, is_hard_bounce, verdict

_COMMANDS: tuple[tuple[type[aiosmtplib.SMTPResponseException], Command], ...] = (
    (aiosmtplib.SMTPConnectResponseError, Command.CONNECT),
    (aiosmtplib.SMTPHeloError, Command.EHLO),
    (aiosmtplib.SMTPAuthenticationError, Command.AUTH),
    (aiosmtplib.SMTPSenderRefused, Command.MAIL),
    (aiosmtplib.SMTPRecipientRefused, Command.RCPT),
    (aiosmtplib.SMTPDataError, Command.DATA),
    (aiosmtplib.SMTPResponseException, Command.SESSION),
)

_REASONS = {
    Code.CREDENTIALS_REJECTED: "the mail server rejected the login",
    Code.SENDER_RESTRICTED: "the mail server does not take mail from this sender",
    Code.RECIPIENT_UNREACHABLE: "the mail server knows no such recipient",
    Code.MAILBOX_FULL: "the recipient's mailbox is full",
    Code.CONTENT_TOO_LARGE: "the message is too large for the mail server",
    Code.CONTENT_REFUSED: "the mail server refused the content",
    Code.PROVIDER_UNAVAILABLE: "the mail server asks to try again later",
    Code.PROVIDER_ERROR: "the mail server refused the message",
}
"""Said instead of the server's own words, which name the recipient and stay in the detail."""


class UnusableServerError(Exception):
    """The server lacks what the channel key asks for. The text says what, for people."""


class UnfitServerError(Exception):
    """The server cannot take this one recipient."""


def outcome_of_reply(reply: Reply) -> NotSent:
    """Turn a refusal into an outcome."""
    code, action = verdict(reply)
    said = " ".join(filter(None, [str(reply.code), reply.enhanced]))
    return NotSent(
        code=code,
        reason=f"{_REASONS[code]} ({said})",
        action=action,
        mark=Mark.BOUNCED if is_hard_bounce(reply) else None,
        detail={"code": reply.code, "enhanced": reply.enhanced, "message": words(reply.message)},
        trace=Trace(request=reply.command, status=reply.code, provider_code=reply.enhanced),
    )


def reply_of(error: aiosmtplib.SMTPResponseException) -> Reply:
    """Read the reply out of the library's exception, whose class says what was replied to."""
    command = next(command for kind, command in _COMMANDS if isinstance(error, kind))
    return Reply(command=command, code=error.code, message=error.message)


def _not_sent(code: Code, action: Action, reason: str) -> NotSent:
    return NotSent(code=code, action=action, reason=reason, trace=Trace(request=Command.SESSION))


def _connection_failed(error: Exception) -> NotSent:
    late = isinstance(error, TimeoutError)
    reason = "the mail server did not answer in time" if late else "could not connect to the mail server, or lost it"
    return _not_sent(Code.CONNECTION_FAILED, Action.RETRY, reason)


def outcome_before_the_message(error: Exception) -> NotSent:
    """Turn a failure before the message was under way into an outcome.

    A server without STARTTLS (when the key demands it) or without a way to log in will be no different in a few seconds, and
    trying on would offer the password to whoever stripped the offer: the key is suspended.
    """
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return outcome_of_reply(reply_of(error))
    if isinstance(error, UnusableServerError):
        return _not_sent(Code.CREDENTIALS_REJECTED, Action.KEY, str(error))
    if isinstance(error, egress.AddressRefused):
        return _not_sent(Code.CREDENTIALS_REJECTED, Action.KEY, egress.REFUSED)
    if isinstance(error, UnfitServerError):
        return _not_sent(Code.RECIPIENT_UNREACHABLE, Action.NEXT, str(error))
    return _connection_failed(error)


def _unknown(code: Code, reason: str) -> Unknown:
    return Unknown(code=code, reason=reason, safe_to_repeat=True, trace=Trace(request=Command.DATA))


def outcome_after_the_message(error: Exception) -> Unknown:
    """Turn the loss of the server's last reply into an outcome."""
    if isinstance(error, TimeoutError):
        return _unknown(Code.ANSWER_TIMEOUT, "the mail server did not confirm the message in time")
    if isinstance(error, aiosmtplib.SMTPResponseException):
        return _unknown(Code.ANSWER_UNREADABLE, "the mail server's answer to the message is unreadable")
    return _unknown(Code.CONNECTION_LOST, "the connection was lost before the mail server confirmed the message")
