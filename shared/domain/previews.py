"""What a template would be sent as, with some variables."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from shared.domain import content, rendering
from shared.domain.content import JsonObject, TemplateBody


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The filled template, or what is in the way: one of the three says something."""

    rendered: JsonObject | None = None
    """What its channel's adapter would be given, under the names of inline content and of Meta's templates."""
    missing: tuple[str, ...] = ()
    """The variables that are needed and were not given, in the order of the template."""
    invalid: str | None = None
    """The field of the template that is wrong once the variables are in it."""


def preview(body: TemplateBody, variables: Mapping[str, str]) -> Preview:
    """Fill a template as a worker does before the call."""
    try:
        return Preview(rendered=content.dump(rendering.render(body, variables)))
    except rendering.MissingVariables as missing:
        return Preview(missing=tuple(missing.names))
    except ValidationError as error:
        place = error.errors(include_url=False, include_input=False)[0]["loc"]
        return Preview(invalid=".".join(str(part) for part in place))


def variables_of(body: TemplateBody) -> tuple[str, ...]:
    """List the variables a template needs, each once, in order of appearance."""
    return preview(body, {}).missing
