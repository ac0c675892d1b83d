"""What the room of files serves."""

from typing import Annotated, Final

from pydantic import Field

from api.files import models, schema
from api.openapi import counted
from api.openapi.operation import Answer, Body, Operation, Tag
from api.openapi.parameters import CURSOR, LIMIT, identifier, query
from api.openapi.refusals import LENGTH_REQUIRED, conflict, refused

_TAG: Final = Tag(
    name="Files",
    description="""The files of an account, which messages of every channel carry by their id, as `fileId`.

A file is taken for what its content says it is: pictures, films, sound, PDF, office documents, text and ZIP. With each send its
provider gets a link that works for `ANTAR_FILE_LINK_SECONDS`; an email carries the file itself.
""",
)
_FILE: Final = identifier("The file's id.", models.FileId, "fil_01M7XC8EPCEHFVZ3Z7T6A5DQ50")
_NAME: Final = query("name", "What the file is called, where the body is the file itself.")
_FILTERS: Final = (
    query(
        "name",
        "Only those called so, or in part.",
        Annotated[str, Field(min_length=schema.LEAST_OF_A_NAME, max_length=schema.MOST_OF_A_NAME)],
    ),
    query(
        "media_type",
        "Only those of this type, or of this kind: `image/png`, or `image`.",
        Annotated[str, Field(pattern=schema.MEDIA_TYPE)],
    ),
    LIMIT,
    CURSOR,
)
_HEADERS: Final = {
    "ETag": "The hash of its bytes.",
    "Content-Disposition": "What the file is called.",
    "Cache-Control": "How long it may be kept.",
}
BYTES: Final = Answer(description="The file.", type=bytes, media_type="*/*", headers=_HEADERS)
"""The answer that is a file, of whatever type."""

OPERATIONS: Final = (
    Operation(
        method="POST",
        path="/v1/files",
        name="upload_file",
        summary="Upload a file",
        description="""Stores a file: the field `file` of a form, or the body itself with its `Content-Type` and `?name=`.

The same bytes under the same name are the file that is there already, which is answered with 200. What is larger than
`ANTAR_MAX_FILE_BYTES` gets 413; what is of no type that is taken, or not what its name says, gets 400 with `invalid_file`.
""",
        tag=_TAG,
        parameters=(_NAME,),
        body=Body(type=models.NewFile, media_type="multipart/form-data", example={"file": "@receipt.pdf"}),
        answers={
            200: Answer(description="The file that was there already.", type=models.OneFile),
            **counted.answers(
                201,
                Answer(description="The new file.", type=models.OneFile),
                400,
                conflict={
                    **conflict("conflict", "the upload took too long", "The upload took too long."),
                    **LENGTH_REQUIRED,
                    **refused(
                        413,
                        "invalid_request_error",
                        "file_too_large",
                        "file: is larger than 104857600 bytes",
                        "The file is larger than `ANTAR_MAX_FILE_BYTES`.",
                        param="file",
                    ),
                },
            ),
        },
    ),
    Operation(
        method="GET",
        path="/v1/files",
        name="list_files",
        summary="List files",
        description="Gives a page of files, the newest first.",
        tag=_TAG,
        parameters=_FILTERS,
        answers=counted.answers(200, Answer(description="A page of files.", type=models.Files), 400),
    ),
    Operation(
        method="GET",
        path="/v1/files/<identifier>",
        name="look_up_file",
        summary="Look up a file",
        description="Gives what is known of a file.",
        tag=_TAG,
        parameters=(_FILE,),
        answers=counted.answers(200, Answer(description="The file, without its bytes.", type=models.OneFile), 404),
    ),
    Operation(
        method="GET",
        path="/v1/files/<identifier>/content",
        name="fetch_file",
        summary="Fetch a file",
        description="Gives the bytes of a file.",
        tag=_TAG,
        parameters=(_FILE,),
        answers=counted.answers(200, BYTES, 404),
    ),
    Operation(
        method="POST",
        path="/v1/files/<identifier>/links",
        name="link_file",
        summary="Make a link to a file",
        description="Makes a link under which anybody can fetch the file for `ANTAR_FILE_LINK_SECONDS`.",
        tag=_TAG,
        parameters=(_FILE,),
        answers=counted.answers(201, Answer(description="The link.", type=models.OneLink), 404),
    ),
    Operation(
        method="DELETE",
        path="/v1/files/<identifier>",
        name="delete_file",
        summary="Delete a file",
        description="Deletes a file. Sends that wait and name it fail on their channel, and links to it stop to work.",
        tag=_TAG,
        parameters=(_FILE,),
        answers=counted.managed(200, Answer(description="It is deleted.", type=models.OneDeletedFile), 404),
    ),
)
