"""From a valid message to the plan of a send: the number it goes out from, and that its template is there."""

from api import numbers
from api.auth import Caller
from api.dialects.kirim.schema import Request, TemplateName
from api.errors import InvalidRequest, invalid_value
from shared.db import engine
from shared.domain import content
from shared.domain.channels import Channel
from shared.domain.send import PlannedDelivery, SendPlan
from shared.management import meta_templates
from shared.management.messages import DIALECT
from shared.management.meta_templates import MetaTemplate


def plan(request: Request, caller: Caller) -> SendPlan:
    """Make the plan of a message. Raises as :func:`api.numbers.choose`, and :class:`InvalidRequest` for its template."""
    number = numbers.choose(caller, request.sender)
    if request.template is not None:
        with engine.get().connect() as connection:
            found = meta_templates.named(connection, caller.account_id, request.template.name)
        require_sendable(request.template, found)
    delivery = PlannedDelivery(
        channel=Channel.WABA,
        tier=0,
        fallback=False,
        key_id=number.id,
        target=request.to,
        content=content.dump(request.content),
    )
    return SendPlan(dialect=DIALECT, deliveries=(delivery,))


def require_sendable(wanted: TemplateName, found: list[MetaTemplate]) -> None:
    """Refuse a template that Meta would: judged by what antar knows of those of its name."""
    if not found:
        raise InvalidRequest("invalid_template_name", "there is no template of this name", param="template.name")
    in_language = [each for each in found if each.language == wanted.language]
    if not in_language:
        known = ", ".join(sorted({each.language for each in found}))
        raise invalid_value("template.language", f"must be one that the template has: {known}")
    problem = min((_problem(each) for each in in_language), key=len)
    if problem:
        raise invalid_value("template.name", problem)


def _problem(template: MetaTemplate) -> str:
    if template.status != "approved":
        return f"is a template that is {template.status}: only an approved one is sent"
    return "" if template.active else "is a template that is switched off"
