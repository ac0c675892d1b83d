"""What a mail server's reply means: the enhanced status code decides, then the basic code, then the words.

Codes are those of RFC 5321, RFC 3463 and RFC 5248 with its registry, and Microsoft's and Google's published additions.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from shared.domain.outcome import Action, Code

Verdict = tuple[Code, Action]

_CREDENTIALS = (Code.CREDENTIALS_REJECTED, Action.KEY)
_SENDER = (Code.SENDER_RESTRICTED, Action.KEY)
_UNAVAILABLE = (Code.PROVIDER_UNAVAILABLE, Action.RETRY)
_UNREACHABLE = (Code.RECIPIENT_UNREACHABLE, Action.NEXT)
_FULL = (Code.MAILBOX_FULL, Action.NEXT)
_TOO_LARGE = (Code.CONTENT_TOO_LARGE, Action.PERMANENT)
_REFUSED = (Code.CONTENT_REFUSED, Action.PERMANENT)
_ERROR = (Code.PROVIDER_ERROR, Action.PERMANENT)


class Command(StrEnum):
    """What the server replied to; the value is what a trace shows."""

    SESSION = "SMTP session"
    CONNECT = "CONNECT"
    EHLO = "EHLO"
    AUTH = "AUTH"
    MAIL = "MAIL FROM"
    RCPT = "RCPT TO"
    DATA = "DATA"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """A reply, as the server gave it."""

    command: Command
    code: int
    message: str

    @property
    def enhanced(self) -> str | None:
        """The enhanced status code at the start of the text, as ``5.1.1``."""
        found = re.match(r"\s*([245]\.\d{1,3}\.\d{1,3})\b", self.message)
        return found[1] if found else None

    @property
    def words(self) -> str:
        """The text in lower case without addresses, whose parts would otherwise be taken for the server's words."""
        return re.sub(r"<[^>]*>|\S+@\S+", "", self.message).lower()


ENHANCED: dict[str, Verdict] = {
    **dict.fromkeys(("5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"), _UNREACHABLE),
    **dict.fromkeys(("4.2.2", "5.2.2"), _FULL),
    **dict.fromkeys(("5.2.3", "5.3.4"), _TOO_LARGE),
    **dict.fromkeys(("5.7.8", "5.7.9", "5.7.13"), _CREDENTIALS),
    **dict.fromkeys((f"5.7.{detail}" for detail in range(20, 29)), _SENDER),
    **dict.fromkeys(("5.1.7", "5.1.8", "5.7.60", "5.7.501", "5.7.502", "5.7.503", "5.7.509", "5.7.515"), _SENDER),
}
"""5.7.20 to 5.7.28 are DKIM, SPF, reverse DNS, DMARC, a sender that takes no mail, and unusual volume."""

BASIC: dict[int, Verdict] = {
    **dict.fromkeys((500, 501, 502, 503, 504, 555), _ERROR),
    **dict.fromkeys((525, 530, 534, 535, 538), _CREDENTIALS),
    **dict.fromkeys((521, 551, 556), _UNREACHABLE),
}
"""Permanent codes that say enough on their own; what 550, 552, 553 and 554 mean only their text tells."""

WORDS: tuple[tuple[re.Pattern[str], Verdict], ...] = (
    (
        re.compile(
            r"\brelay|rcpthosts|\bspf\b|\bdkim\b|\bdmarc\b|sendasdenied|not owned by user"
            r"|sender (address )?(rejected|denied|not allowed)|client host (rejected|blocked)|authentication (is )?required"
        ),
        _SENDER,
    ),
    (re.compile(r"quota|(mailbox|inbox|storage)( is)? full|insufficient (system )?storage"), _FULL),
    (re.compile(r"(message|mail|size|content|body|data).*(too (big|large|long)|exceed)"), _TOO_LARGE),
    (
        re.compile(
            r"user unknown|unknown (user|recipient|mailbox)|(recipient|mailbox|user|address) (is )?(unknown|unavailable|not found)"
            r"|no such (user|recipient|mailbox|person|address)|(does not|doesn't) exist|invalid (recipient|mailbox)|no mailbox here"
        ),
        _UNREACHABLE,
    ),
    (re.compile(r"spam|policy|content|virus|malware|phish|block|junk|unsolicited|reputation|suspicious"), _REFUSED),
)
"""The first pattern found decides."""

_BY_552 = {Command.RCPT: _FULL}
GONE = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
"""No such mailbox or system, no such address, moved, a domain with a null MX, and a mailbox that is disabled."""

_NO_MAIL_TAKEN = 556
"""The domain takes no mail (RFC 7504)."""
_BEFORE_MAIL = {Command.CONNECT, Command.EHLO, Command.SESSION}
_PERMANENT = 500
_TRANSIENT = 400
_STORAGE_EXCEEDED = 552
_NAME_NOT_ALLOWED = 553


def _by_words(reply: Reply) -> Verdict | None:
    return next((verdict for pattern, verdict in WORDS if pattern.search(reply.words)), None)


def _by_stage(reply: Reply) -> Verdict:
    """Read the codes that leave it to the command what they mean."""
    if reply.code == _STORAGE_EXCEEDED:
        return _BY_552.get(reply.command, _TOO_LARGE)
    return _UNREACHABLE if reply.code == _NAME_NOT_ALLOWED else _ERROR


def _of_transaction(reply: Reply) -> Verdict:
    by_code = ENHANCED.get(reply.enhanced or "") or BASIC.get(reply.code)
    return by_code or _by_words(reply) or _by_stage(reply)


def _blame(reply: Reply, verdict: Verdict) -> Verdict:
    """Put it on the sender where no recipient has been named yet."""
    return _SENDER if reply.command is Command.MAIL and verdict[1] is Action.NEXT else verdict


def verdict(reply: Reply) -> Verdict:
    """Say what a refusal allows next.

    Transient replies may be retried, but for a full mailbox, which no retry budget outlasts. Before ``MAIL`` a permanent
    refusal concerns the key: there is neither content nor recipient yet.
    """
    if reply.code < _TRANSIENT:
        return (Code.PROVIDER_ERROR, Action.RETRY)
    if reply.code < _PERMANENT:
        return _blame(reply, _FULL) if reply.enhanced == "4.2.2" else _UNAVAILABLE
    if reply.command is Command.AUTH:
        return _CREDENTIALS
    if reply.command in _BEFORE_MAIL:
        return _SENDER
    return _blame(reply, _of_transaction(reply))


def is_hard_bounce(reply: Reply) -> bool:
    """Tell whether the address does not exist, by a code that says so and words that say nothing else.

    Neither a full mailbox nor a policy is one, nor what a server says in words alone.
    """
    gone = reply.code == _NO_MAIL_TAKEN or reply.enhanced in GONE
    return gone and verdict(reply) == _UNREACHABLE and _by_words(reply) in {None, _UNREACHABLE}
