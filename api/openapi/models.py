"""What this room itself answers, described."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Document(BaseModel):
    """An OpenAPI 3.1 document; its parts are OpenAPI's own."""

    model_config = ConfigDict(extra="allow", frozen=True)

    openapi: Literal["3.1.0"]
    info: dict[str, Any]
    paths: dict[str, Any]
    components: dict[str, Any]
