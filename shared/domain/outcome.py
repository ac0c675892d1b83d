"""What came of one call to a provider, and the closed list of reasons a delivery can end with.

::

    Outcome
     +-- Sent       the provider accepted the message
     +-- NotSent    it certainly did not; ``action`` says what may be tried now
     +-- Unknown    it may have: nothing is ever resent on a guess
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Action(StrEnum):
    """What a provider's refusal allows next."""

    RETRY = "retry"
    """The same key may try again later."""
    NEXT = "next"
    """This recipient cannot be reached here: go to the next tier now."""
    PERMANENT = "permanent"
    """This content or template is wrong: never retry it unchanged."""
    KEY = "key"
    """The credential or sender is unusable: suspend the channel key."""


class Code(StrEnum):
    """Every reason a delivery can fail, be unknown or be stopped. The list is closed: README documents each."""

    # What the request asked for cannot be sent; decided by antar, no provider is called.
    TARGET_MISSING = "target_missing"
    TARGET_INVALID = "target_invalid"
    TEMPLATE_NOT_FOUND = "template_not_found"
    TEMPLATE_NOT_APPROVED = "template_not_approved"
    TEMPLATE_INACTIVE = "template_inactive"
    VARIABLES_MISSING = "variables_missing"
    FILE_NOT_FOUND = "file_not_found"
    RECIPIENT_SUPPRESSED = "recipient_suppressed"
    RECIPIENT_OPTED_OUT = "recipient_opted_out"
    OUTSIDE_WINDOW = "outside_window"
    QUOTA_EXCEEDED = "quota_exceeded"
    KEY_REVOKED = "key_revoked"
    KEY_SUSPENDED = "key_suspended"
    CANCELLED = "cancelled"
    EXPIRED = "expired"

    # The recipient cannot be reached on this channel.
    RECIPIENT_UNREACHABLE = "recipient_unreachable"
    RECIPIENT_BLOCKED = "recipient_blocked"
    RECIPIENT_LIMITED = "recipient_limited"
    MAILBOX_FULL = "mailbox_full"

    # The content is refused.
    CONTENT_INVALID = "content_invalid"
    CONTENT_TOO_LARGE = "content_too_large"
    CONTENT_REFUSED = "content_refused"
    CONTENT_UNSUPPORTED = "content_unsupported"
    TEMPLATE_REJECTED = "template_rejected"
    MEDIA_UNREACHABLE = "media_unreachable"

    # The sender is unusable.
    CREDENTIALS_REJECTED = "credentials_rejected"
    DEVICE_DISCONNECTED = "device_disconnected"
    SENDER_RESTRICTED = "sender_restricted"

    # The provider or the way to it is in trouble.
    THROTTLED = "throttled"
    RECIPIENT_THROTTLED = "recipient_throttled"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_ERROR = "provider_error"
    CONNECTION_FAILED = "connection_failed"

    # It may have been sent.
    ANSWER_TIMEOUT = "answer_timeout"
    CONNECTION_LOST = "connection_lost"
    ANSWER_UNREADABLE = "answer_unreadable"
    WORKER_LOST = "worker_lost"

    # It was sent; it did not get as far as the send wants.
    UNCONFIRMED = "unconfirmed"

    # Our own fault.
    INTERNAL_ERROR = "internal_error"


class Mark(StrEnum):
    """What a refusal says of the recipient beyond this message, to be remembered for every later one."""

    OPTED_OUT = "opted_out"
    """The recipient wants no messages of this sender."""
    BOUNCED = "bounced"
    """The address does not exist."""


class PauseScope(StrEnum):
    """Whom a throttling answer asks to wait."""

    KEY = "key"
    RECIPIENT = "recipient"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """A provider's wish to be left alone for ``seconds``; honouring it spends no attempt."""

    scope: PauseScope
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """What was said to the provider, without addresses, bodies or credentials."""

    request: str
    """For example ``POST /v23.0/*/messages`` or ``RCPT TO``."""
    status: int | None = None
    """The HTTP status or SMTP reply code."""
    provider_code: str | None = None
    """The provider's own code, as text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The provider accepted the message."""

    provider_message_id: str | None
    detail: dict[str, Any] = field(default_factory=dict)
    trace: Trace | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class NotSent:
    """The message certainly did not leave."""

    code: Code
    reason: str
    """For people; the text shown as ``reason`` in the answer."""
    action: Action
    pause: Pause | None = None
    mark: Mark | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    """The provider's own words, for the ``detail`` of the answer. Never logged."""
    trace: Trace | None = None

    @property
    def explained(self) -> bool:
        """Whether the provider said why: a mere status may be that of a proxy whose provider is being restarted."""
        return any(isinstance(said, str) and said for said in self.detail.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Unknown:
    """The message may have left: the answer was lost, late or unreadable."""

    code: Code
    reason: str
    safe_to_repeat: bool = False
    """True where a repeat cannot reach the recipient twice (email keeps its Message-ID)."""
    detail: dict[str, Any] = field(default_factory=dict)
    trace: Trace | None = None


Outcome = Sent | NotSent | Unknown
