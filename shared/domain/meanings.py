"""What each reason code means, and what to do: the table of the README and of ``/docs``. Backticks mark what is code."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from shared.domain.outcome import Code

NOT_SENT: Final = "not sent"
UNKNOWN: Final = "unknown"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code says to whom it is shown."""

    text: str
    """What happened."""
    advice: str
    """What can be done about it."""
    counts_as: str = NOT_SENT
    """Which of the three outcomes it is."""


MEANINGS: Final[Mapping[Code, Meaning]] = {
    Code.TARGET_MISSING: Meaning(
        "The send names no recipient for this channel.", "Name one in `target`, or leave the channel out."
    ),
    Code.TARGET_INVALID: Meaning(
        "The recipient's address has a form that no message can reach.", "Correct it; phone numbers have their country code."
    ),
    Code.TEMPLATE_NOT_FOUND: Meaning(
        "No template of this account and channel has this id.", "`antar template list ACCOUNT` lists them."
    ),
    Code.TEMPLATE_NOT_APPROVED: Meaning(
        "The template waits for review or was rejected.", "`antar template approve`; what belongs to Meta, Meta decides on."
    ),
    Code.TEMPLATE_INACTIVE: Meaning("The template is switched off.", "`antar template activate`, once it is known why."),
    Code.VARIABLES_MISSING: Meaning(
        "A placeholder has no variable; the reason names them.", "Send the variables, or use another template."
    ),
    Code.FILE_NOT_FOUND: Meaning("No file of this account has this `fileId`.", "Upload it again, and send the new id."),
    Code.RECIPIENT_SUPPRESSED: Meaning(
        "The address is on the suppression list.", "Nothing, unless it is there by mistake: `antar suppression remove`."
    ),
    Code.RECIPIENT_OPTED_OUT: Meaning(
        "The recipient does not want messages of this sender.",
        "Nothing; only the recipient's own word opens it again, which `antar contact opt-in` notes.",
    ),
    Code.OUTSIDE_WINDOW: Meaning("More than 24 hours since the recipient last wrote.", "Send a template."),
    Code.QUOTA_EXCEEDED: Meaning(
        "The channel key has used up its quota.", "Wait for its next period, or `antar key set KEY --quota N`."
    ),
    Code.KEY_REVOKED: Meaning("The channel key was revoked.", "Send by another key."),
    Code.KEY_SUSPENDED: Meaning(
        "The channel key is suspended; its reason says why.",
        "`antar key list ACCOUNT`, then what its own code asks for; by `antar key resume` where a person suspended it.",
    ),
    Code.CANCELLED: Meaning("The send, or its campaign, was cancelled before the call.", "Nothing."),
    Code.EXPIRED: Meaning(
        "The send's `expires_at` had passed.", "Give sends more time; where nobody was in time, look why workers are late."
    ),
    Code.RECIPIENT_UNREACHABLE: Meaning(
        "The provider knows no such recipient, or cannot reach it.", "Check the address; let another channel follow."
    ),
    Code.RECIPIENT_BLOCKED: Meaning("The recipient has blocked this sender.", "Nothing on this channel."),
    Code.RECIPIENT_LIMITED: Meaning("The provider limits what this recipient gets.", "Try another channel or another day."),
    Code.MAILBOX_FULL: Meaning("The recipient's mailbox is full.", "Try again in some days."),
    Code.CONTENT_INVALID: Meaning("The content breaks a rule of the channel; the reason names the field.", "Correct the field."),
    Code.CONTENT_TOO_LARGE: Meaning(
        "A text or file is larger than the channel takes; the reason names the limit.", "Shorten it, or send a link."
    ),
    Code.CONTENT_REFUSED: Meaning(
        "The provider refused the content by its policy.", "Change the wording; repeated, it endangers the sender."
    ),
    Code.CONTENT_UNSUPPORTED: Meaning("The channel or gateway cannot carry this type.", "Send another type on this channel."),
    Code.TEMPLATE_REJECTED: Meaning(
        "The provider does not accept the template or its parameters.",
        "Compare with the provider's own copy: `antar template sync`.",
    ),
    Code.MEDIA_UNREACHABLE: Meaning(
        "The file could not be fetched: by its provider from its link, or by antar from `ANTAR_FILES_URL`.",
        "See that providers reach `ANTAR_PUBLIC_URL`; `antar doctor` tries the store.",
    ),
    Code.CREDENTIALS_REJECTED: Meaning(
        "The provider does not accept the channel key's credentials.", "Renew them: `antar key set KEY --credentials FILE`."
    ),
    Code.DEVICE_DISCONNECTED: Meaning(
        "The WhatsApp device is not connected.", "Link it again at its gateway; the key resumes by itself."
    ),
    Code.SENDER_RESTRICTED: Meaning("The provider has restricted the sender.", "Look into its console; the key resumes by itself."),
    Code.THROTTLED: Meaning(
        "The provider asked this sender to slow down, longer than the delivery could wait.",
        "Give the key a rate below the provider's: `antar key set KEY --rate N`.",
    ),
    Code.RECIPIENT_THROTTLED: Meaning("Likewise, for this recipient only.", "Send this recipient less at once."),
    Code.PROVIDER_UNAVAILABLE: Meaning(
        "The provider is down or overloaded.", "Look at the provider's own status; repeat the send once it is back."
    ),
    Code.PROVIDER_ERROR: Meaning(
        "The provider answered with an error it does not explain; `detail` has its words.",
        "Read `detail` in the answer; ask the provider.",
    ),
    Code.CONNECTION_FAILED: Meaning(
        "No connection to the provider came about; nothing was sent.",
        "Check name, port, firewall and certificate: `antar key probe KEY`.",
    ),
    Code.ANSWER_TIMEOUT: Meaning(
        "The provider did not answer in time.",
        "See *Unknown outcomes*; where the provider is slow but sound, raise `ANTAR_READ_TIMEOUT`.",
        UNKNOWN,
    ),
    Code.CONNECTION_LOST: Meaning(
        "The connection broke after the request had left.",
        "See *Unknown outcomes*; look at proxies and firewalls in between.",
        UNKNOWN,
    ),
    Code.ANSWER_UNREADABLE: Meaning(
        "The provider's answer could not be read.",
        "See *Unknown outcomes*; look what else answers at its address, a proxy's page perhaps.",
        UNKNOWN,
    ),
    Code.WORKER_LOST: Meaning(
        "The worker died while it held the delivery, or what it wrote was lost with the database.",
        "See *Unknown outcomes*; look why it died.",
        UNKNOWN,
    ),
    Code.UNCONFIRMED: Meaning(
        "The receipt that the send waits for (`until`) did not come in time.",
        "Nothing: it was sent, and the next tier had its turn.",
        "sent",
    ),
    Code.INTERNAL_ERROR: Meaning(
        "A fault of antar's own.", "`antar quarantine show` says where; please report it.", "not sent; *unknown* in the call"
    ),
}
