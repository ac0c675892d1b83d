"""What must hold before a provider is called. Each guard passes, or stops the delivery with a reason."""

from collections.abc import Callable
from datetime import timedelta
from typing import Final

from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from shared.domain.states import KeyStatus, SendState
from worker.deliver.claim import Claim

Guard = Callable[[Claim], NotSent | None]

_WINDOW: Final = timedelta(hours=24)


def check(claim: Claim) -> NotSent | None:
    """Run the guards in their order; the first that stops decides."""
    return next((stop for guard in GUARDS if (stop := guard(claim)) is not None), None)


def _stop(code: Code, reason: str) -> NotSent:
    return NotSent(code=code, reason=reason, action=Action.PERMANENT)


def not_cancelled(claim: Claim) -> NotSent | None:
    """A cancelled send sends nothing."""
    if claim.send_state is not SendState.CANCELLED:
        return None
    return _stop(Code.CANCELLED, "cancelled")


def not_expired(claim: Claim) -> NotSent | None:
    """A message past its time is never sent stale; the database's clock decides."""
    if claim.expires_at is None or claim.now < claim.expires_at:
        return None
    return _stop(Code.EXPIRED, "expired before it could be sent")


def key_usable(claim: Claim) -> NotSent | None:
    """A revoked or suspended key fails its channel, with the reason it has (contract, section 0, Kirisan 9)."""
    match claim.key_status:
        case KeyStatus.ACTIVE:
            return None
        case KeyStatus.REVOKED:
            return _stop(Code.KEY_REVOKED, claim.status_reason or f"{claim.channel} key is revoked")
        case KeyStatus.SUSPENDED:
            code = Code(claim.status_code) if claim.status_code else Code.KEY_SUSPENDED
            return _stop(code, claim.status_reason or f"{claim.channel} key is suspended")


def target_reachable(claim: Claim) -> NotSent | None:
    """There is a recipient, and its address has a form that a message can reach."""
    if claim.target is None:
        return _stop(Code.TARGET_MISSING, "missing target")
    return _stop(Code.TARGET_INVALID, "invalid target") if claim.address is None else None


def not_suppressed(claim: Claim) -> NotSent | None:
    """A suppressed address is stopped before the send."""
    return _stop(Code.RECIPIENT_SUPPRESSED, "recipient is suppressed") if claim.suppressed else None


def not_opted_out(claim: Claim) -> NotSent | None:
    """Who opted out is left alone."""
    return _stop(Code.RECIPIENT_OPTED_OUT, "recipient has opted out") if claim.opted_out else None


def window_open(claim: Claim) -> NotSent | None:
    """Free-form WABA messages need an inbound message of the last 24 hours, where the key wants antar to enforce it."""
    free_form = claim.template_id is None and (claim.content or {}).get("kind") != "template"
    if claim.channel is not Channel.WABA or not free_form or claim.key_settings.get("window") != "enforce":
        return None
    if claim.last_inbound_at is not None and claim.now - claim.last_inbound_at < _WINDOW:
        return None
    return _stop(Code.OUTSIDE_WINDOW, "outside the 24-hour window")


def template_sendable(claim: Claim) -> NotSent | None:
    """A template exists for this account and channel, is approved, and is switched on."""
    if claim.template_id is None:
        return None
    if claim.template_body is None:
        return _stop(Code.TEMPLATE_NOT_FOUND, f"{claim.channel.label} template not found")
    if claim.template_status != "approved":
        return _stop(Code.TEMPLATE_NOT_APPROVED, "template is not approved for sending")
    return None if claim.template_active else _stop(Code.TEMPLATE_INACTIVE, "template is inactive")


GUARDS: Final[tuple[Guard, ...]] = (
    not_cancelled,
    not_expired,
    key_usable,
    target_reachable,
    not_suppressed,
    not_opted_out,
    window_open,
    template_sendable,
)
"""In the order in which a reader of the reason would want to know."""
