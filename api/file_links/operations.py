"""What the room of links to files serves."""

from typing import Final

from api.files.operations import BYTES
from api.openapi.operation import Auth, Operation, Parameter, Tag
from api.openapi.refusals import only, refused

_TAG: Final = Tag(name="File links", description="Links to files, for providers and people who have no account.")
_TOKEN: Final = Parameter(name="token", where="path", description="The signed token of the link.")
_NAME: Final = Parameter(name="name", where="path", description="What the file is called, for readers: the token names it.")

OPERATIONS: Final = (
    Operation(
        method="GET",
        path="/files/<token>/<name>",
        name="follow_file_link",
        summary="Fetch a file by its link",
        description="Gives the bytes of a file while the link works, and the file is there.",
        tag=_TAG,
        auth=Auth.LINK,
        parameters=(_TOKEN, _NAME),
        answers={
            200: BYTES,
            **only(404, 503),
            **refused(410, "not_found", "link_expired", "this link has expired", "The link has expired."),
        },
    ),
)
