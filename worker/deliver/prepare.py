"""From a claim to an envelope: credentials decrypted, placeholders filled. Files follow in :mod:`worker.deliver.attaching`."""

from pydantic import ValidationError

from shared import unsubscribe
from shared.credentials.base import Credentials
from shared.domain import content, rendering
from shared.domain.channels import Channel
from shared.domain.outcome import Action, Code, NotSent
from worker.channels import keys
from worker.channels.base import Envelope
from worker.deliver.claim import Claim


def envelope(claim: Claim) -> Envelope | NotSent:
    """Fill the content's placeholders, or say what keeps it from being sent. The guards have passed."""
    if claim.address is None:
        raise ValueError("a claim without an address has not passed its guards")
    try:
        rendered = rendering.render(_body(claim), claim.variables)
    except rendering.MissingVariables as missing:
        return stop(Code.VARIABLES_MISSING, f"missing variables: {missing}")
    except ValidationError as error:
        return stop(Code.CONTENT_INVALID, f"the content with its variables is invalid: {rendering.first_field(error)}")
    return Envelope(
        delivery_id=claim.id,
        send_id=claim.send_id,
        target=claim.address,
        content=rendered,
        unsubscribe_url=unsubscribe.url(claim.id) if claim.channel is Channel.EMAIL else None,
    )


def credentials(claim: Claim) -> Credentials | NotSent:
    """Decrypt the key's credentials."""
    return keys.credentials(claim.channel, claim.key_id, claim.credentials)


def _body(claim: Claim) -> content.TemplateBody | content.Inline:
    if claim.template_body is not None:
        return content.parse_template(claim.channel, claim.template_body)
    return content.parse_inline(claim.content or {})


def stop(code: Code, reason: str) -> NotSent:
    """Say what keeps a message from being sent, now and at any later time."""
    return NotSent(code=code, reason=reason, action=Action.PERMANENT)
