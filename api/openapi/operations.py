"""What this room itself serves."""

from typing import Final

from api.openapi.models import Document
from api.openapi.operation import Answer, Auth, Operation, Parameter, Tag

_TAG: Final = Tag(name="About this api", description="What you read here, for people and for programs.")
_IF_NONE_MATCH: Final = Parameter(name="If-None-Match", where="header", description="The `ETag` of an answer that is held already.")
_HEADERS: Final = {"ETag": "What the answer is known by: it changes when the api does."}
_UNCHANGED: Final = Answer(description="What is held already is what would be answered.", headers=_HEADERS)

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/openapi.json",
        name="describe_api",
        summary="The api as OpenAPI",
        description="Gives this description as an OpenAPI 3.1 document.",
        tag=_TAG,
        auth=Auth.NONE,
        parameters=(_IF_NONE_MATCH,),
        answers={200: Answer(description="The document.", type=Document, headers=_HEADERS), 304: _UNCHANGED},
    ),
    Operation(
        method="GET",
        path="/docs",
        name="read_docs",
        summary="The api as a page",
        description="Gives this page, which loads nothing from anywhere.",
        tag=_TAG,
        auth=Auth.NONE,
        parameters=(_IF_NONE_MATCH,),
        answers={200: Answer(description="The page.", type=str, media_type="text/html", headers=_HEADERS), 304: _UNCHANGED},
    ),
)
