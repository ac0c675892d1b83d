"""What each reason code means, and what to do: the table of the README and of ``/docs``. Backticks mark what is code."""

from collections.abc import Mapping
from typing import Final

from shared.domain.outcome import Code

MEANINGS: Final[Mapping[Code, str]] = {
    Code.TARGET_MISSING: "The send names no recipient for this channel.",
    Code.TARGET_INVALID: "The recipient's address has a form that no message can reach.",
    Code.TEMPLATE_NOT_FOUND: "No template of this account and channel has this id.",
    Code.TEMPLATE_NOT_APPROVED: "The template waits for review or was rejected: `antar template approve`.",
    Code.TEMPLATE_INACTIVE: "The template is switched off: `antar template activate`.",
    Code.VARIABLES_MISSING: "A placeholder has no variable; the reason names them.",
    Code.FILE_NOT_FOUND: "No file of this account has this `fileId`.",
    Code.RECIPIENT_SUPPRESSED: "The address is on the suppression list.",
    Code.RECIPIENT_OPTED_OUT: "The recipient does not want messages of this sender.",
    Code.OUTSIDE_WINDOW: "More than 24 hours since the recipient last wrote: send a template.",
    Code.QUOTA_EXCEEDED: "The channel key has used up its quota.",
    Code.KEY_REVOKED: "The channel key was revoked; use another.",
    Code.KEY_SUSPENDED: "The channel key is suspended; its reason says why.",
    Code.CANCELLED: "The send was cancelled before the call.",
    Code.EXPIRED: "The send's `expires_at` had passed.",
    Code.RECIPIENT_UNREACHABLE: "The provider knows no such recipient, or cannot reach it.",
    Code.RECIPIENT_BLOCKED: "The recipient has blocked this sender.",
    Code.RECIPIENT_LIMITED: "The provider limits what this recipient gets; try another channel or another day.",
    Code.MAILBOX_FULL: "The recipient's mailbox is full.",
    Code.CONTENT_INVALID: "The content breaks a rule of the channel; the reason names the field.",
    Code.CONTENT_TOO_LARGE: "A text or file is larger than the channel takes; the reason names the limit.",
    Code.CONTENT_REFUSED: "The provider refused the content by its policy.",
    Code.CONTENT_UNSUPPORTED: "The channel or gateway cannot carry this type.",
    Code.TEMPLATE_REJECTED: "The provider does not accept the template or its parameters: compare with the provider's own copy.",
    Code.MEDIA_UNREACHABLE: "The file could not be fetched: by its provider from its link, or by antar from `ANTAR_FILES_URL`.",
    Code.CREDENTIALS_REJECTED: "The provider does not accept the channel key's credentials: renew them.",
    Code.DEVICE_DISCONNECTED: "The WhatsApp device is not connected: link it again.",
    Code.SENDER_RESTRICTED: "The provider has restricted the sender: look into its console.",
    Code.THROTTLED: "The provider asked this sender to slow down, longer than the delivery could wait.",
    Code.RECIPIENT_THROTTLED: "Likewise, for this recipient only.",
    Code.PROVIDER_UNAVAILABLE: "The provider is down or overloaded.",
    Code.PROVIDER_ERROR: "The provider answered with an error it does not explain; `detail` has its words.",
    Code.CONNECTION_FAILED: "No connection to the provider came about; nothing was sent.",
    Code.ANSWER_TIMEOUT: "*Unknown*: the provider did not answer in time.",
    Code.CONNECTION_LOST: "*Unknown*: the connection broke after the request had left.",
    Code.ANSWER_UNREADABLE: "*Unknown*: the provider's answer could not be read.",
    Code.WORKER_LOST: "*Unknown*: the worker died while it held the delivery.",
    Code.UNCONFIRMED: "It was *sent*; the receipt that the send waits for (`until`) did not come in time.",
    Code.INTERNAL_ERROR: "A fault of antar's own: `antar quarantine show` says where; please report it.",
}
