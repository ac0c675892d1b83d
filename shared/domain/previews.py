"""What a template, or a message, would be sent as, with some variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from shared.domain import content, rendering
from shared.domain.content import Inline, JsonObject, TemplateBody


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The filled content, or what is in the way: one of the three says something."""

    rendered: JsonObject | None = None
    """What its channel's adapter would be given, under the names of inline content and of Meta's templates."""
    missing: tuple[str, ...] = ()
    """The variables that are needed and were not given, in the order of the template."""
    invalid: str | None = None
    """The field of it that is wrong once the variables are in it."""


def preview(body: TemplateBody | Inline, variables: Mapping[str, str]) -> Preview:
    """Fill a content as a worker does before the call."""
    try:
        return Preview(rendered=content.dump(rendering.render(body, variables)))
    except rendering.MissingVariables as missing:
        return Preview(missing=tuple(missing.names))
    except ValidationError as error:
        return Preview(invalid=rendering.first_field(error))


def variables_of(body: TemplateBody) -> tuple[str, ...]:
    """List the variables a template needs, each once, in order of appearance."""
    return preview(body, {}).missing
