"""What probes are answered, described."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema

from api.models import Answered


class Alive(Answered):
    """The process answers."""

    status: Literal["ok"]


class CheckResult(BaseModel):
    """What one check found, with figures of its own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    status: Literal["ok", "failing"]
    problem: Annotated[str | SkipJsonSchema[None], Field(description="What is wrong, where it fails.")] = None


Readiness = dict[str, CheckResult]
"""Every check that was made, by its name."""
